//! The last step of a call to another node, in a build that has no links: there are no other nodes.

use super::{
    Router,
    attempt::{Attempt, HandedOver},
};
use crate::{
    directory::Instance,
    error::RefusedReason,
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
