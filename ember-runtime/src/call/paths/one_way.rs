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
        reach::{Freight, laden, put_args_of},
        requests::{Inherited, Options, Request, Target, failed, overtaken},
    },
    directory::{Instance, Probing},
    error::{CallError, RefusedReason, SendError},
    message::{Ambient, MOST_UNSETTLED, MadeIn, Method, MethodKind, Stamp, Unsettled},
};

/// Sends a call one way. Never waits.
#[inline]
pub(crate) fn send<M: Method>(request: &mut Request<M>) -> Result<(), SendError<M::Args>> {
    if !request.target.is_hooked {
        return leave_at_once(request);
    }
    let Request { target, options, .. } = &mut *request;
    match leave(target, const { &M::INFO }, options, true) {
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
    let mut laden = laden(request);
    let sent = go_round(&mut laden, &request.target, &request.options);
    match sent {
        Ok(()) => Ok(()),
        Err(NotSent::Refused(refused)) => {
            *request.args = laden.take_args();
            Err(unsent(refused, request))
        }
        Err(NotSent::Held(unsettled, inherited)) => {
            let (laden, target, options) = (Box::new(laden), request.target.clone(), request.options.clone());
            send_when_settled(unsettled, (laden, target, options), inherited);
            Ok(())
        }
    }
}

/// Why a call is not sent now.
enum NotSent {
    Refused(CallError),
    /// What it follows from is not acknowledged yet.
    Held(Unsettled, Inherited),
}

/// Sends it to one after another, if nothing is in the way.
fn go_round(freight: &mut dyn Freight, target: &Target, options: &Options) -> Result<(), NotSent> {
    let mut inherited = Inherited::unawaited();
    let unsettled = inherited.take_unsettled();
    let refused = |reason: RefusedReason| NotSent::Refused(failed(target, freight.kind().info, None, reason.into()));
    match (inherited.check(options, &target.keys), unsettled) {
        (Err(too_much), _) => Err(refused(too_much)),
        (Ok(()), None) => choose_and_send(freight, (target, options), &inherited).map_err(NotSent::Refused),
        (Ok(()), Some(unsettled)) if unsettled.is_full() => {
            Err(refused(RefusedReason::LogFull { limit: MOST_UNSETTLED }))
        }
        (Ok(()), Some(unsettled)) => Err(NotSent::Held(unsettled, inherited)),
    }
}

/// Sends it when what it follows from is acknowledged. If that is not to be, it is not sent.
fn send_when_settled(
    unsettled: Unsettled,
    (mut freight, target, options): (Box<dyn Freight>, Target, Options),
    inherited: Inherited,
) {
    unsettled.then(move |well| {
        let sent = if well { choose_and_send(&mut *freight, (&target, &options), &inherited).map_err(why) } else { Err(overtaken().to_string()) };
        if let Err(reason) = sent {
            let method = freight.kind().info.name;
            tracing::warn!(target: "ember::call", method, reason, "a one-way call of a replicated service was not sent");
        }
    });
}

fn why(error: CallError) -> String {
    match error {
        CallError::App(never) => match never {},
        CallError::NotExecuted(refused) => refused.to_string(),
        CallError::MaybeExecuted(lost) => lost.to_string(),
    }
}

/// What is not tried is refused, and has its arguments.
#[cold]
fn unsent<M: Method>(refused: CallError, request: &mut Request<M>) -> SendError<M::Args> {
    let (CallError::NotExecuted(refused), Some(args)) = (refused, request.args.take()) else {
        unreachable!("a call that is not tried is refused, and has its arguments")
    };
    SendError { refused, args }
}

/// Why the call is not even tried.
#[inline]
fn hopeless<M: Method>(request: &mut Request<M>) -> Option<CallError> {
    if request.options.timeout.is_zero() {
        return Some(failed(&request.target, const { &M::INFO }, None, RefusedReason::Expired.into()));
    }
    request.unfit()
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
    let kind = MethodKind::of::<M>();
    let mut resolved = Resolved::take(kind, &request.target);
    let chosen = resolved.choose(kind, &request.target, request.placing());
    let in_turn = chosen.as_ref().is_some_and(|chosen| chosen.in_turn);
    let sent = match chosen.map(|chosen| chosen.way) {
        Some(Way::Here(found)) => found.port::<M>().is_some_and(|port| {
            let (args, envelope, reply) = (&mut request.args, &mut None, &mut None);
            port.submit(&*found.cell, Offer { args, envelope, stamp, index: found.index, reply }).is_ok()
        }),
        Some(Way::Away(away)) => {
            let put_args = &mut |out: &mut Vec<u8>| put_args_of::<M>(&request.args, out);
            away.send(&request.target, (put_args, M::INFO.lane), stamp)
        }
        Some(Way::New) | None => false,
    };
    resolved.give_back();
    if in_turn && !sent {
        request.target.address.give_back_turn();
    }
    sent
}

/// Asks one instance after another to take the call.
fn choose_and_send(
    freight: &mut dyn Freight,
    (target, options): (&Target, &Options),
    inherited: &Inherited,
) -> Result<(), CallError> {
    let kind = freight.kind();
    let id = target.id_of(kind.info);
    let envelope = inherited.envelope(options, &target.keys);
    let stamp = Stamp { caller: inherited.caller, deadline: None };
    let mut excluded = Vec::new();
    let (mut refused, mut place) = (None, None::<Arc<Instance>>);
    let reason = loop {
        let instance = match resolved::choose(kind, target, options.contract_key(), (&excluded, Probing::Pass)) {
            Ok((instance, _)) => instance,
            Err(none) => break refused.unwrap_or(none),
        };
        place = Some(Arc::clone(&instance));
        let result = match &instance.cell {
            Some(cell) => freight.submit(&**cell, id, (stamp, envelope.clone()), true),
            None => target.router.send_remote(target, &instance, freight, (stamp, &envelope)),
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
    Err(failed(target, kind.info, place.map(|it| it.place()), reason.into()))
}
