//! The last step of a call to another node, in a build that has no links: there are no other nodes.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use tokio::time::Instant;

use super::freight::Freight;
use crate::{
    call::{
        requests::{Aim, Attempt, HandedOver, Outcome, Question, Target},
        routes::Router,
    },
    directory::{Instance, NodeRecord, Turn},
    error::{Failure, RefusedReason},
    id::Pid,
    message::{Encode, Envelope, Lane, Method, MethodKind, Stamp},
};

/// A method of a service on another node.
pub(crate) enum Away {}

/// A call that waits for its answer from another node.
pub(crate) enum WaitingAway {}

impl Away {
    pub(crate) fn find(_: &MethodKind, _: &Target, _: Arc<Instance>) -> Option<Self> {
        None
    }

    pub(crate) fn is_looked_for_by(&self, _: u64) -> bool {
        match *self {}
    }

    pub(crate) fn pid(&self) -> Pid {
        match *self {}
    }

    pub(crate) fn call(
        &self,
        _: &Target,
        _: (Encode<'_>, Lane),
        _: &Envelope,
        _: (u64, Instant, Instant),
    ) -> Option<WaitingAway> {
        match *self {}
    }

    pub(crate) fn send(&self, _: &Target, _: (Encode<'_>, Lane), _: Stamp) -> bool {
        match *self {}
    }
}

impl WaitingAway {
    pub(crate) fn deadline(&self) -> Instant {
        match *self {}
    }

    pub(crate) fn poll<M: Method>(&mut self, _: &Target, _: &mut Context<'_>) -> Poll<Option<Outcome<M>>> {
        match *self {}
    }
}

fn unreachable() -> RefusedReason {
    RefusedReason::Unreachable("this program was built without the feature `cluster` of `ember`".into())
}

impl Router {
    pub(crate) async fn call_remote(
        &self,
        _: &Aim,
        _: &Instance,
        _: &mut dyn Freight,
        _: (Stamp, Envelope),
        _: (&mut HandedOver, &mut Option<Turn>),
    ) -> Attempt {
        Attempt::Refused(unreachable())
    }

    pub(crate) fn fitting(&self, bytes: usize) -> usize {
        bytes
    }

    pub(crate) async fn ask_node<Q: Question>(
        &self,
        _: &NodeRecord,
        _: &Q,
    ) -> Result<std::future::Pending<Result<Q::Answer, Failure>>, Failure> {
        Err(unreachable().into())
    }

    pub(crate) fn send_remote(
        &self,
        _: &Aim,
        _: &Instance,
        _: &dyn Freight,
        _: (Stamp, &Envelope),
    ) -> Result<(), RefusedReason> {
        Err(unreachable())
    }
}
