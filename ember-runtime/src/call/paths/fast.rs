//! A call to the service that is chosen. If that is on this node and idle, its caller runs the handler itself; if it is busy, the
//! call waits in the mailbox. If it is on another node, the call is handed to the link.

use std::{sync::Arc, task::Context};

use tokio::time::Instant;

use super::resolved::{Chosen, Found, Resolved, Way};
use crate::{
    actor::{Offer, Port, Short, ShortCall},
    call::{
        reach::{Away, Waiting, WaitingAway, put_args_of},
        requests::{Inherited, Options, Outcome, Request, Target, describe},
        routes::Router,
    },
    directory::Instance,
    error::CallError,
    message::{Ambient, Due, Encode, Envelope, Given, Lane, Method, MethodInfo, MethodKind, Stamp, reply_slot},
};

/// What became of it.
pub(crate) enum Tried<M: Method> {
    Done(Outcome<M>),
    Waits(Waiting<Given<M>>),
    WaitsAway(WaitingAway),
    /// Nothing has happened: it is not such a call, or cannot be made that simply.
    Not,
}

/// Makes the call here and now, if that is as simple as this.
pub(crate) fn attempt<M: Method>(request: &mut Request<M>, task: &mut Context<'_>) -> Tried<M> {
    if request.retry.is_some() {
        return Tried::Not;
    }
    if let Some(error) = request.unfit() {
        return Tried::Done(Err(CallError::of_any(error)));
    }
    // It is taken out of where it is remembered while it is used: the handler may make calls itself.
    let mut resolved = Resolved::take(MethodKind::of::<M>(), &request.target);
    let tried = run(&mut resolved, request, task);
    resolved.give_back();
    tried
}

#[inline]
fn run<M: Method>(resolved: &mut Resolved, request: &mut Request<M>, task: &mut Context<'_>) -> Tried<M> {
    let placing = request.placing();
    let Some(chosen) = resolved.choose(MethodKind::of::<M>(), &request.target, placing) else { return Tried::Not };
    let in_turn = chosen.in_turn;
    let tried = run_by(chosen, request, task);
    if in_turn && matches!(tried, Tried::Not) {
        request.target.address.give_back_turn();
    }
    tried
}

#[inline]
fn run_by<M: Method>(chosen: Chosen<'_>, request: &mut Request<M>, task: &mut Context<'_>) -> Tried<M> {
    let Chosen { way, instance, spare, at_home, .. } = chosen;
    let Request { target, args, options, .. } = &mut *request;
    // It has a number, by which it is asked what became of it.
    if !const { M::INFO.read } && instance.is_some_and(|it| it.is_replicated()) {
        return Tried::Not;
    }
    let found = match way {
        Way::Here(found) => found,
        Way::Away(away) => {
            let put_args = &mut |out: &mut Vec<u8>| put_args_of::<M>(args, out);
            return call_away(away, (target, options), (put_args, M::INFO.lane)).map_or(Tried::Not, Tried::WaitsAway);
        }
        Way::New => return Tried::Not,
    };
    let Some(port) = found.port::<M>() else { return Tried::Not };
    // Made here, where it stays: to move it costs what the shortest call has to spare.
    let Some(Taken { mut envelope, until, caller }) = take(target, options, M::INFO.lane) else { return Tried::Not };
    if instance.is_some_and(|it| it.is_looked_for_by(caller)) {
        return Tried::Not;
    }
    if let Some(always) = runs_short(const { &M::INFO }, &target.router) {
        let _at_home = target.router.home.enter(at_home, task);
        let (index, due) = (found.index, Due::within(options.timeout, until));
        let call = ShortCall { args, envelope: &mut envelope, caller, due, spare, task, index, always };
        match port.short(&*found.cell, call) {
            Short::Done(result) => return Tried::Done(result.map_err(CallError::App)),
            Short::Failed(failure) => {
                let place = target.router.place(&*found.cell);
                return Tried::Done(Err(describe::<M>(target, Some(place), *failure)));
            }
            Short::Waits(answering) => {
                let begun = Instant::now();
                let times = (begun, options.deadline_from(begun, until));
                return Tried::Waits(Waiting::new(answering, false, found.asked(instance), times));
            }
            Short::NotNow => {}
        }
    }
    queue((found, instance), port, request, Taken { envelope, until, caller }, task)
}

/// Puts the call into the mailbox.
fn queue<M: Method>(
    (found, instance): (&mut Found, Option<&Arc<Instance>>),
    port: &Port<M>,
    request: &mut Request<M>,
    Taken { envelope, until, caller }: Taken,
    task: &Context<'_>,
) -> Tried<M> {
    // It would wait for itself: what to say of that, is found out elsewhere.
    if envelope.as_ref().is_some_and(|envelope| envelope.waits_for(found.cell.pid())) {
        return Tried::Not;
    }
    if request.args.is_none() {
        return Tried::Not;
    }
    let begun = Instant::now();
    let deadline = request.options.deadline_from(begun, until);
    let (reply, answering) = reply_slot(M::INFO.name, Some(task.waker()));
    let call = Offer {
        args: &mut request.args,
        envelope: &mut envelope.map(Box::new),
        stamp: Stamp { caller, deadline: Some(deadline) },
        index: found.index,
        reply: &mut Some(reply),
    };
    match port.submit(&*found.cell, call) {
        Ok(()) => Tried::Waits(Waiting::new(answering, true, found.asked(instance), (begun, deadline))),
        Err(_) => Tried::Not,
    }
}

/// Hands the call to the link.
fn call_away(away: &Away, (target, options): (&Target, &Options), args: (Encode<'_>, Lane)) -> Option<WaitingAway> {
    let Taken { envelope, until, caller } = take(target, options, args.1)?;
    let begun = Instant::now();
    let (deadline, envelope) = (options.deadline_from(begun, until), envelope.unwrap_or_default());
    if envelope.waits_for(away.pid()) || away.is_looked_for_by(caller) {
        return None;
    }
    away.call(target, args, &envelope, (caller, begun, deadline))
}

/// Whether callers may run the method: `Some(true)` also if its steps are long.
#[cfg_attr(not(debug_assertions), inline)]
fn runs_short(info: &MethodInfo, router: &Router) -> Option<bool> {
    // What is dropped when its caller goes away must know its caller.
    if info.cancel || info.queued {
        return None;
    }
    router.runs.for_callers()
}

/// What a call takes with it.
struct Taken {
    /// Nothing, if there is nothing in it.
    envelope: Option<Envelope>,
    /// When the handler that makes it must have ended.
    until: Option<Instant>,
    /// The number of the service whose handler makes it, or 0.
    caller: u64,
}

impl Taken {
    /// Written where it goes: a constant would be copied, with all the place that an envelope takes.
    #[cfg_attr(not(debug_assertions), inline)]
    fn nothing() -> Self {
        Self { envelope: None, until: None, caller: 0 }
    }
}

/// What the call takes with it, unless the time of the handler that makes it is over.
#[cfg_attr(not(debug_assertions), inline)]
fn take(target: &Target, options: &Options, lane: Lane) -> Option<Taken> {
    if options.timeout.is_zero() {
        return None;
    }
    // Most often that is plain to see, and then nothing is made that would have to be dropped.
    if adds_nothing(target, options, lane) && Inherited::is_nothing() {
        return Some(Taken::nothing());
    }
    inherit(target, options, lane)
}

/// Whether the call itself has nothing that travels beside its arguments.
#[cfg_attr(not(debug_assertions), inline)]
pub(super) fn adds_nothing(target: &Target, options: &Options, lane: Lane) -> bool {
    lane == Lane::User && options.is_plain() && target.keys.is_empty()
}

/// The same, where something may be inherited.
fn inherit(target: &Target, options: &Options, lane: Lane) -> Option<Taken> {
    // Its arguments go as bytes, and stay here; or others are to be asked first.
    if options.once().is_some() || options.call().is_some() || options.is_fresh() {
        return None;
    }
    let inherited = Ambient::current(|ambient| (!ambient.is_late()).then(|| Inherited::from_awaiting(ambient)));
    let inherited = match inherited {
        Some(None) => return None,
        // What it follows from is not acknowledged yet.
        Some(Some(inherited)) if inherited.is_held_back() => return None,
        Some(Some(inherited)) => inherited,
        None => {
            let inherited = Inherited::outside();
            if adds_nothing(target, options, lane) && inherited.is_plain() {
                return Some(Taken::nothing());
            }
            inherited
        }
    };
    // If it is too much, what to say of that is found out elsewhere.
    inherited.check(options, &target.keys).ok()?;
    let envelope = Some(inherited.envelope(options, &target.keys));
    Some(Taken { envelope, until: inherited.until(), caller: inherited.caller })
}
