//! The last step of a call to another node, in a build that has no links: there are no other nodes.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use tokio::time::Instant;

use crate::{
    call::{
        requests::{Aim, Attempt, HandedOver, Outcome, Question, Target},
        routes::Router,
    },
    directory::{Instance, NodeRecord, Turn},
    error::{Failure, RefusedReason},
    id::Pid,
    message::{Envelope, Method, Stamp},
};

/// A method of a service on another node.
pub(crate) enum Away {}

/// A call that waits for its answer from another node.
pub(crate) enum WaitingAway {}

impl Away {
    #[allow(clippy::extra_unused_type_parameters, reason = "as where there are links")]
    pub(crate) fn find<M: Method>(_: &Target, _: Arc<Instance>) -> Option<Self> {
        None
    }

    pub(crate) fn is_looked_for_by(&self, _: u64) -> bool {
        match *self {}
    }

    pub(crate) fn pid(&self) -> Pid {
        match *self {}
    }

    pub(crate) fn call<M: Method>(
        &self,
        _: &Target,
        _: &Option<M::Args>,
        _: &Envelope,
        _: (u64, Instant, Instant),
    ) -> Option<WaitingAway> {
        match *self {}
    }

    pub(crate) fn send<M: Method>(&self, _: &Target, _: &Option<M::Args>, _: Stamp) -> bool {
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
    pub(crate) async fn call_remote<M: Method>(
        &self,
        _: &Aim,
        _: &Instance,
        _: &mut Option<M::Args>,
        _: (Stamp, Envelope),
        _: (&mut HandedOver, &mut Option<Turn>),
    ) -> Attempt<M> {
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

    pub(crate) fn send_remote<M: Method>(
        &self,
        _: &Aim,
        _: &Instance,
        _: &Option<M::Args>,
        _: (Stamp, &Envelope),
    ) -> Result<(), RefusedReason> {
        Err(unreachable())
    }
}
