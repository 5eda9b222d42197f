//! The last step of a call to another node, in a build that has no links: there are no other nodes.

use super::{
    Router,
    attempt::{Attempt, HandedOver},
};
use crate::{
    directory::{Instance, NodeRecord},
    error::{Failure, RefusedReason},
    id::MethodId,
    message::{Envelope, Method},
};

fn unreachable() -> RefusedReason {
    RefusedReason::Unreachable("this program was built without the feature `cluster` of `ember`".into())
}

impl Router {
    pub(super) async fn call_remote<M: Method>(
        &self,
        _: &Instance,
        _: MethodId,
        args: M::Args,
        _: Envelope,
        _: &mut HandedOver,
    ) -> Attempt<M> {
        Attempt::Refused(unreachable(), args)
    }

    pub(crate) async fn ask_node(
        &self,
        _: &NodeRecord,
        _: &[u8],
    ) -> Result<std::future::Pending<Result<bytes::Bytes, Failure>>, Failure> {
        Err(unreachable().into())
    }

    pub(super) fn send_remote<M: Method>(
        &self,
        _: &Instance,
        _: MethodId,
        args: M::Args,
        _: &Envelope,
    ) -> Result<(), (M::Args, RefusedReason)> {
        Err((args, unreachable()))
    }
}
