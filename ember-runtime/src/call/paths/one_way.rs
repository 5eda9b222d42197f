//! Calls whose outcome nobody hears of.

use std::sync::Arc;

use super::{
    exit::leave,
    fast::adds_nothing,
    resolved::{self, Resolved, Way},
};
use crate::{
    actor::Offer,
    call::{
        reach::local,
        requests::{Inherited, Options, Request, Target, describe, overtaken, unsound},
    },
    directory::{Instance, Probing},
    error::{CallError, RefusedReason, SendError},
    message::{Ambient, MOST_UNSETTLED, MadeIn, Method, Stamp, Unsettled},
};

/// Sends a call one way. Never waits.
#[inline]
pub(crate) fn send<M: Method>(request: &mut Request<M>) -> Result<(), SendError<M::Args>> {
    if !request.target.is_hooked {
        return leave_at_once(request);
    }
    match leave(request, true) {
        Ok(leaving) => {
            let sent = leave_at_once(request);
            leaving.sent(sent.as_ref().err().map(|error| &error.refused));
            sent
        }
        Err(denied) => Err(unsent(denied, request)),
    }
}

#[inline]
fn leave_at_once<M: Method>(request: &mut Request<M>) -> Result<(), SendError<M::Args>> {
    if let Some(hopeless) = hopeless(request) {
        return Err(unsent(hopeless, request));
    }
    if let Some(stamp) = plainly::<M>(&request.target, &request.options)
        && sent_at_once(request, stamp)
    {
        return Ok(());
    }
    let mut inherited = Inherited::unawaited();
    let unsettled = inherited.take_unsettled();
    match (inherited.check(&request.options, &request.target.keys), unsettled) {
        (Ok(()), None) => choose_and_send(request.take(), &inherited),
        (Ok(()), Some(unsettled)) if unsettled.is_full() => {
            let full = RefusedReason::LogFull { limit: MOST_UNSETTLED };
            Err(unsent(describe::<M, _>(&request.target, None, full.into()), request))
        }
        (Ok(()), Some(unsettled)) => {
            send_when_settled(unsettled, request.take(), inherited);
            Ok(())
        }
        (Err(too_much), _) => Err(unsent(describe::<M, _>(&request.target, None, too_much.into()), request)),
    }
}

/// Sends it when what it follows from is acknowledged. If that is not to be, it is not sent.
fn send_when_settled<M: Method>(unsettled: Unsettled, request: Request<M>, inherited: Inherited) {
    unsettled.then(move |well| {
        let sent = if well { choose_and_send(request, &inherited).map_err(|error| error.refused.to_string()) } else { Err(overtaken().to_string()) };
        if let Err(reason) = sent {
            tracing::warn!(target: "ember::call", method = M::INFO.name, reason, "a one-way call of a replicated service was not sent");
        }
    });
}

/// What is not tried is refused, and has its arguments.
#[cold]
fn unsent<M: Method>(refused: CallError<M::Error>, request: &mut Request<M>) -> SendError<M::Args> {
    let (CallError::NotExecuted(refused), Some(args)) = (refused, request.args.take()) else {
        unreachable!("a call that is not tried is refused, and has its arguments")
    };
    SendError { refused, args }
}

/// Why the call is not even tried.
#[inline]
fn hopeless<M: Method>(request: &mut Request<M>) -> Option<CallError<M::Error>> {
    if request.options.timeout.is_zero() {
        return Some(describe::<M, _>(&request.target, None, RefusedReason::Expired.into()));
    }
    unsound::<M>(&request.target, &request.args).or_else(|| request.find_key())
}

/// What it says of its caller, if nothing else travels beside the arguments.
#[inline]
fn plainly<M: Method>(target: &Target, options: &Options) -> Option<Stamp> {
    let look =
        |ambient: &Ambient| (ambient.envelope.beside.is_some() || ambient.unsettled().is_some(), ambient.pid().number);
    let (inherits, caller) = Ambient::current(look).unwrap_or_default();
    let is_plain = adds_nothing(target, options, M::INFO.lane) && !inherits && MadeIn::here().is_nothing();
    is_plain.then_some(Stamp { caller, deadline: None })
}

/// Puts the call into the mailbox of the service that is chosen, or into the link to its node, if that takes it.
fn sent_at_once<M: Method>(request: &mut Request<M>, stamp: Stamp) -> bool {
    let mut resolved = Resolved::take::<M>(&request.target);
    let chosen = resolved.choose::<M>(&request.target, request.placing());
    let in_turn = chosen.as_ref().is_some_and(|chosen| chosen.in_turn);
    let sent = match chosen.map(|chosen| chosen.way) {
        Some(Way::Here(found)) => found.port::<M>().is_some_and(|port| {
            let (args, envelope, reply) = (&mut request.args, &mut None, &mut None);
            port.submit(&*found.cell, Offer { args, envelope, stamp, index: found.index, reply }).is_ok()
        }),
        Some(Way::Away(away)) => away.send::<M>(&request.target, &request.args, stamp),
        Some(Way::New) | None => false,
    };
    resolved.give_back();
    if in_turn && !sent {
        request.target.address.give_back_turn();
    }
    sent
}

/// Asks one instance after another to take the call.
fn choose_and_send<M: Method>(request: Request<M>, inherited: &Inherited) -> Result<(), SendError<M::Args>> {
    let Request { target, mut args, options, retry: _ } = request;
    let id = target.method_id::<M>();
    let envelope = inherited.envelope(&options, &target.keys);
    let stamp = Stamp { caller: inherited.caller, deadline: None };
    let mut excluded = Vec::new();
    let (mut refused, mut place) = (None, None::<Arc<Instance>>);
    let reason = loop {
        let instance = match resolved::choose::<M>(&target, options.contract_key(), (&excluded, Probing::Pass)) {
            Ok((instance, _)) => instance,
            Err(none) => break refused.unwrap_or(none),
        };
        place = Some(Arc::clone(&instance));
        let result = match &instance.cell {
            Some(cell) => {
                let (args, envelope) = (&mut args, &mut Some(Box::new(envelope.clone())));
                local::submit::<M>(&**cell, id, Offer { args, envelope, stamp, index: 0, reply: &mut None })
            }
            None => target.router.send_remote::<M>(&target, &instance, &args, (stamp, &envelope)),
        };
        match result {
            Ok(()) => return Ok(()),
            Err(reason) if reason.can_pass() => {
                excluded.push(instance.pid);
                refused = Some(reason);
            }
            Err(reason) => break reason,
        }
    };
    let CallError::NotExecuted(refused) = describe::<M, ()>(&target, place.map(|it| it.place()), reason.into()) else {
        unreachable!("a refusal is described as one")
    };
    let Some(args) = args.take() else { unreachable!("a call that was not sent has its arguments") };
    Err(SendError { refused, args })
}
