//! Calls whose outcome nobody hears of.

use std::sync::Arc;

use super::{attempt::describe, handle::Target, inherited::Inherited, local, request::Options, request::Request, resolved::Resolved};
use crate::{
    actor::Submission,
    directory::Instance,
    error::{CallError, SendError},
    message::{Ambient, Envelope, Lane, Method},
};

/// Sends a call one way. Never waits.
pub(super) fn send<M: Method>(mut request: Request<M>) -> Result<(), SendError<M::Args>> {
    if is_plain::<M>(&request.target, &request.options) && sent_here(&mut request) {
        return Ok(());
    }
    choose_and_send(request, &Inherited::unawaited())
}

/// Whether nothing travels beside the arguments.
#[inline]
fn is_plain<M: Method>(target: &Target, options: &Options) -> bool {
    let inherits = Ambient::current(|ambient| ambient.envelope.trace != 0 || ambient.envelope.headers.is_some());
    let lane = const { matches!(M::INFO.lane, Lane::User) };
    lane && options.is_plain() && target.keys.is_empty() && inherits != Some(true)
}

/// Puts the call into the mailbox of the only service that it can go to, if that is on this node and takes it.
fn sent_here<M: Method>(request: &mut Request<M>) -> bool {
    let resolved = Resolved::take::<M>(&request.target);
    let sent = 'sent: {
        let Some(found) = &resolved.found else { break 'sent false };
        let (Some(port), Some(args)) = (found.port::<M>(), request.args.take()) else { break 'sent false };
        let call = Submission { args, envelope: None, deadline: None, index: found.index, reply: None };
        match port.submit(&*found.cell, call) {
            Ok(()) => true,
            Err((call, _)) => {
                request.args = Some(call.args);
                false
            }
        }
    };
    resolved.give_back();
    sent
}

/// Asks one instance after another to take the call.
fn choose_and_send<M: Method>(request: Request<M>, inherited: &Inherited) -> Result<(), SendError<M::Args>> {
    let Request { target, args, options, retry: _ } = request;
    let Some(mut args) = args else { unreachable!("a call that has not been started has its arguments") };
    let id = target.method_id::<M>();
    let envelope = inherited.envelope(&options, M::INFO.lane, None);
    let envelope = Envelope { keys: target.keys.clone(), ..envelope };
    let mut excluded = Vec::new();
    let (mut refused, mut place) = (None, None::<Arc<Instance>>);
    let reason = loop {
        let instance = match target.router.choose(&target.address, M::INFO.lane, &excluded) {
            Ok(instance) => instance,
            Err(none) => break refused.unwrap_or(none),
        };
        place = Some(Arc::clone(&instance));
        let result = match &instance.cell {
            Some(cell) => {
                let call = Submission { args, envelope: Some(Box::new(envelope.clone())), deadline: None, index: 0, reply: None };
                local::submit::<M>(&**cell, id, call).map_err(|(call, reason)| (call.args, reason))
            }
            None => target.router.send_remote::<M>(&instance, id, args, &envelope),
        };
        match result {
            Ok(()) => return Ok(()),
            Err((unused, reason)) if reason.can_pass() => {
                args = unused;
                excluded.push(instance.pid);
                refused = Some(reason);
            }
            Err((unused, reason)) => {
                args = unused;
                break reason;
            }
        }
    };
    let CallError::NotExecuted(refused) = describe::<M, ()>(&target, place.map(|it| it.to_string()), reason.into())
    else {
        unreachable!("a refusal is described as one")
    };
    Err(SendError { refused, args })
}
