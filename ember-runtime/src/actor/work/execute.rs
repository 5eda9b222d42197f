//! Running one handler: into the unit, under its context, with panics caught.

use std::{
    any::Any,
    future::poll_fn,
    pin::{Pin, pin},
    sync::Arc,
};

use futures_util::future::BoxFuture;

use super::entry;
use crate::{
    actor::{
        about::{Access as _, Held},
        erased::{Core, Overtaken},
        service::{
            Body, Cx, HandledBy, HookOf, ModuleBusy, NotEntered, OnEvent, Path, Service, TaskOf, Unit, full_name,
        },
    },
    error::{Error, Failure, LostReason, Result},
    hooks::HandlerEnd,
    id::CallId,
    message::{Ambient, CameFrom, Due, Envelope, Handled, HandlerSpan, Method, Opened, Settles, Stored, Unsettled},
    meters::{Counted, Ended},
    office::{Appointment, Late},
    panics::outlived,
    planted::{Bug, planted},
    replica::Replica,
    threads::{At, Work},
};

/// Goes to the unit at `L`, and notes in the envelope which module was found there.
fn reach<'s, S: Service, L: Path<S>>(
    service: &'s mut Held<S>,
    envelope: &mut Opened,
) -> Result<L::Way<'s>, NotEntered> {
    let mut reader = envelope.keys.reader();
    let way = L::reach(service, &mut reader)?;
    let found = reader.into_found();
    if !found.is_empty() {
        envelope.keys().found(found);
    }
    Ok(way)
}

/// The same for a hook that has the unit alone.
fn enter<'s, S: Service, L: Path<S>>(
    service: Option<&'s mut S>,
    envelope: &mut Opened,
) -> Result<L::Guard<'s>, NotEntered> {
    let service = service.ok_or(ModuleBusy { module: S::NAME })?;
    let mut reader = envelope.keys.reader();
    let guard = L::enter(service, &mut reader)?;
    let found = reader.into_found();
    if !found.is_empty() {
        envelope.keys().found(found);
    }
    Ok(guard)
}

/// What a handler has committed goes to the others of its group when it ends, however it does.
struct Opens(Option<Arc<Replica>>);

impl Drop for Opens {
    fn drop(&mut self) {
        if let Some(replica) = &self.0 {
            replica.open();
        }
    }
}

/// The future of one method as code around it sees it. Where nothing is optimised that code is there once for each output, and not for each method: so
/// much less is compiled whenever a service is edited.
#[cfg(debug_assertions)]
pub(super) fn alike<'a, T>(
    future: Pin<&'a mut (impl Future<Output = T> + Send + 'a)>,
) -> Pin<&'a mut (dyn Future<Output = T> + Send + 'a)> {
    future
}

/// The same, as it is: it becomes part of the code around it.
#[cfg(not(debug_assertions))]
#[inline]
pub(super) fn alike<F: Future>(future: Pin<&mut F>) -> Pin<&mut F> {
    future
}

/// A handler that waits is shown until it has ended, however it does.
struct Shows<'a>(&'a Ambient);

impl Drop for Shows<'_> {
    #[inline]
    fn drop(&mut self) {
        self.0.has_ended();
    }
}

/// Runs `handler` as `ambient` describes it, within `span`. What it has committed when it first waits goes to the others of its group.
async fn scoped<F: Future + ?Sized>(
    ambient: &Ambient,
    span: HandlerSpan,
    opens: &Opens,
    mut handler: Pin<&mut F>,
) -> F::Output {
    let _shown = Shows(ambient);
    poll_fn(|task| {
        let step = ambient.scope(|| {
            let _at = At::begin(ambient.work);
            span.within(|| handler.as_mut().poll(task))
        });
        if step.is_pending() {
            // The caller's time runs from now on at the latest.
            ambient.deadline();
            ambient.waits();
            if let Some(replica) = &opens.0 {
                replica.open();
            }
        }
        step
    })
    .await
}

/// The one entry of calls: runs the method `M` on the unit at `L`, once [`Body::begin`] has been told of it, and the hooks of the
/// node let it pass. Panics of the user's code pass.
pub(crate) async fn execute<S: Service, L: Path<S>, M: HandledBy<L::Unit>>(
    body: &mut Body<S>,
    args: M::Args,
) -> Result<Handled<M::Value, M::Error>, Box<Failure>> {
    let counted = Counted::begin(body.ambient.work.meter);
    if !body.core.hooks.is_empty()
        && let Err(refused) = entry::ask(body, full_name::<S, L, M>)
    {
        counted.end(Ended::NotExecuted);
        return Err(refused);
    }
    let Body { service, core, ambient, .. } = body;
    // What reads commits nothing.
    let opens = Opens(if const { M::INFO.read } { None } else { group_of::<S>(core) });
    let mut way = match reach::<S, L>(service, &mut ambient.envelope) {
        Ok(way) => way,
        Err(absent) => return Err(entry::refused(core, counted, absent.into())),
    };
    let (unit, parent) = match L::lent(&mut way) {
        Ok(lent) => lent,
        Err(absent) => return Err(entry::refused(core, counted, absent.into())),
    };
    let span = ambient.open_span();
    let mut cx = Cx::new(core, ambient, parent);
    let handled = scoped(ambient, span, &opens, alike(pin!(M::handle(unit, &mut cx, args)))).await;
    // What it has come to is in the same record as what it has committed last, if that has not left yet.
    let later = if const { S::REPLICA.is_some() } { concluded::<M>(core, &handled) } else { None };
    drop(opens);
    counted.end(
        handled.result().map_or(Ended::Later, |result| if result.is_ok() { Ended::Value } else { Ended::AppError }),
    );
    if core.asked.is_some() {
        entry::handled(core, handled.result().map(Result::is_ok));
    }
    if const { S::SPEC.elected } {
        core.release(const { &M::INFO }).map_err(|lost| Box::new(lost.into()))?;
    }
    Ok(if const { S::REPLICA.is_some() } { acknowledged::<M>(core, handled, later) } else { handled })
}

/// The instance's share in its group, if its service is replicated.
fn group_of<S: Service>(core: &Core) -> Option<Arc<Replica>> {
    if const { S::REPLICA.is_none() } {
        return None;
    }
    core.held.as_deref().map(|held| Arc::clone(&held.replica))
}

/// Has the others of its group know what the handler has come to, if anybody may ask for that. Which call is answered later.
fn concluded<M: Method>(core: &mut Core, handled: &Handled<M::Value, M::Error>) -> Option<CallId> {
    match handled.result() {
        Some(result) => {
            core.conclude(|| stored::<M>(Some(result)));
            None
        }
        None => core.defer(),
    }
}

/// The bytes of a result, or why there are none.
fn stored<M: Method>(result: Option<&Result<M::Value, M::Error>>) -> Stored {
    let lost = |why: &str| Stored::Lost(LostReason::Undecodable(why.into()));
    let (Some(result), Some(wire)) = (result, M::wire()) else { return Stored::Lost(LostReason::NoReply) };
    if wire.is_stream() {
        return lost("it is a stream, which is given once");
    }
    match result {
        Ok(value) => Stored::of_value(&mut |out| wire.put_value(value, out)),
        Err(error) => Stored::of_error(&mut |out| wire.put_error(error, out)),
    }
}

/// The same result; if it was made from what nobody has acknowledged yet, it comes when that is. If it comes `later`, of this call.
fn acknowledged<M: Method>(
    core: &Core,
    handled: Handled<M::Value, M::Error>,
    later: Option<CallId>,
) -> Handled<M::Value, M::Error> {
    let Some(held) = core.held.as_deref().filter(|_| !planted(Bug::ReplyAtOnce)) else { return handled };
    let group = || Arc::clone(&held.replica) as Arc<dyn Settles>;
    if let Some(id) = later {
        let replica = Arc::clone(&held.replica);
        // It is there later, and the others of the group are to know it first.
        let cell = Arc::clone(&core.cell);
        return handled.after_a_look(stored::<M>, move |reply, then| {
            let then = Box::new(move |well| leaves_with(well, &replica, then));
            cell.appoint(Appointment::Reply(Late { id, reply, then }));
        });
    }
    let unsettled = match handled.result() {
        // It is there later, and may then be made from what another handler has committed meanwhile.
        None => {
            let (group, replica) = (group(), Arc::clone(&held.replica));
            return handled.after(move |then| leaves(Unsettled::seen(&group), replica, then));
        }
        Some(_) => match held.replica.shows_or_waits() {
            Some(index) => Unsettled::at(group(), index),
            None => return handled,
        },
    };
    let replica = Arc::clone(&held.replica);
    handled.after(move |then| leaves(Some(unsettled), replica, then))
}

/// Lets a reply leave, when what it was made from is acknowledged: then it shows that.
fn leaves(unsettled: Option<Unsettled>, replica: Arc<Replica>, then: Box<dyn FnOnce(bool) + Send>) {
    let leaves = move |well| leaves_with(well, &replica, then);
    match unsettled {
        Some(unsettled) => unsettled.then(leaves),
        None => leaves(true),
    }
}

/// Lets a reply leave: it is known what has become of what it was made from.
fn leaves_with(well: bool, replica: &Replica, then: Box<dyn FnOnce(bool) + Send>) {
    if well {
        replica.shows();
    }
    then(well);
}

/// The same for a method that is dropped when its caller has gone, as `gone` says: then there is no outcome.
pub(crate) async fn execute_unless<S: Service, L: Path<S>, M: HandledBy<L::Unit>>(
    body: &mut Body<S>,
    args: M::Args,
    gone: impl Future<Output = ()>,
) -> Option<Result<Handled<M::Value, M::Error>, Box<Failure>>> {
    let done = {
        let call = pin!(execute::<S, L, M>(body, args));
        let mut done = pin!(outlived(alike(call)));
        tokio::select! {
            biased;
            done = &mut done => Some(done),
            () = gone => None,
        }
    };
    let done = done.map(|done| done.unwrap_or_else(|panic| Err(panicked(body, panic))));
    if done.is_none() {
        entry::ended(&mut body.core, &HandlerEnd::Dropped);
        let service = body.core.cell.name();
        tracing::debug!(target: "ember::service", service, method = body.ambient.method, "dropped: its caller has gone");
    }
    done
}

/// What the caller of a method that panicked is told.
pub(crate) fn panicked<S: Service>(body: &mut Body<S>, panic: Box<dyn Any + Send>) -> Box<Failure> {
    if let Some(overtaken) = panic.downcast_ref::<Overtaken>() {
        let lost = LostReason::from(overtaken);
        entry::ended(&mut body.core, &HandlerEnd::Dropped);
        return Box::new(lost.into());
    }
    entry::ended(&mut body.core, &HandlerEnd::Panicked);
    let lost = LostReason::Panicked(body.report(panic.into()));
    if const { S::REPLICA.is_some() } {
        let _opens = Opens(group_of::<S>(&body.core));
        body.core.conclude(|| Stored::Lost(lost.clone()));
    }
    Box::new(lost.into())
}

/// Runs a hook of the unit at `L`.
pub(crate) fn run_hook<S: Service, L: Path<S>, H: HookOf<L::Unit>>(body: &mut Body<S>) -> BoxFuture<'_, Result<()>> {
    Box::pin(async move {
        begin_task::<S, L>(body, H::NAME);
        let run = async {
            let Body { service, core, ambient, .. } = &mut *body;
            let opens = Opens(group_of::<S>(core));
            let mut guard = enter::<S, L>(S::Access::alone(service), &mut ambient.envelope)?;
            let (unit, parent) = L::parts(&mut guard);
            let span = ambient.open_span();
            let mut cx = Cx::new(core, ambient, parent);
            scoped(ambient, span, &opens, pin!(H::run(<L::Unit as Unit>::Access::whole(unit), &mut cx))).await
        };
        let done = outlived(pin!(run)).await;
        done.unwrap_or_else(|panic| Err(failed(body, panic)))
    })
}

/// Runs a timer of the unit at `L`, or what runs once it is up.
pub(crate) fn run_task<S: Service, L: Path<S>, H: TaskOf<L::Unit>>(body: &mut Body<S>) -> BoxFuture<'_, Result<()>> {
    Box::pin(async move {
        begin_task::<S, L>(body, H::NAME);
        let run = async {
            let Body { service, core, ambient, .. } = &mut *body;
            let opens = Opens(group_of::<S>(core));
            let mut way = reach::<S, L>(service, &mut ambient.envelope)?;
            let (unit, parent) = L::lent(&mut way)?;
            let span = ambient.open_span();
            let mut cx = Cx::new(core, ambient, parent);
            scoped(ambient, span, &opens, pin!(H::run(unit, &mut cx))).await
        };
        let done = outlived(pin!(run)).await;
        done.unwrap_or_else(|panic| Err(failed(body, panic)))
    })
}

/// Runs a handler of the unit at `L` that is told something: what it has missed, who has ended, what role it has, which tick it is.
pub(crate) fn run_told<'a, S: Service, L: Path<S>, H: OnEvent<L::Unit>>(
    body: &'a mut Body<S>,
    event: &'a (dyn Any + Send + Sync),
) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        let work = body.core.work(H::NAME);
        handle_event::<S, L, H>(body, Some(event), work).await
    })
}

/// The same, where it is known what its thread shows. If nothing is told, it is the event that the body has.
pub(super) async fn handle_event<S: Service, L: Path<S>, H: OnEvent<L::Unit>>(
    body: &mut Body<S>,
    told: Option<&(dyn Any + Send + Sync)>,
    work: Work,
) -> Result<()> {
    let run = async {
        begin_task_as::<S, L>(body, H::NAME, work);
        let Body { service, core, ambient, heard } = &mut *body;
        let event = told.or_else(|| heard.as_ref()?.event()).and_then(|event| event.downcast_ref::<H::Event>());
        let Some(event) = event else { return Err(Error::other("an event of another type was delivered")) };
        let opens = Opens(group_of::<S>(core));
        let mut way = reach::<S, L>(service, &mut ambient.envelope)?;
        let (unit, parent) = L::lent(&mut way)?;
        let span = ambient.open_span();
        let mut cx = Cx::new(core, ambient, parent);
        scoped(ambient, span, &opens, pin!(H::run(unit, &mut cx, event))).await
    };
    let done = outlived(pin!(run)).await;
    body.core.event = None;
    done.unwrap_or_else(|panic| Err(failed(body, panic)))
}

/// What the log says of a hook, timer or event handler that panicked.
fn failed<S: Service>(body: &mut Body<S>, panic: Box<dyn Any + Send>) -> Error {
    if let Some(Overtaken(epoch)) = panic.downcast_ref() {
        return Error::NotMaster { epoch: *epoch };
    }
    Error::other(format!("it panicked: {}", body.report(panic.into())))
}

/// Notes that work begins which nobody waits for, on the unit that `core.keys` says.
fn begin_task<S: Service, L: Path<S>>(body: &mut Body<S>, name: &'static str) {
    begin_task_as::<S, L>(body, name, body.core.work(name));
}

/// The same, where it is known what its thread shows.
fn begin_task_as<S: Service, L: Path<S>>(body: &mut Body<S>, name: &'static str, work: Work) {
    let keys = std::mem::take(&mut body.core.keys);
    if const { S::SPEC.elected } {
        body.core.start_task();
    }
    let chain = body.core.started_for.clone();
    // Most have none, and making one that is empty costs as much as the rest.
    let envelope = (chain.is_some() || !keys.is_empty()).then(|| Envelope { chain, ..Envelope::at(keys) });
    body.begin::<L>(CameFrom::Own, envelope, Due::default(), (name, work));
}
