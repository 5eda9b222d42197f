//! The short path: a caller that finds a service idle runs the handler itself, for one step. If that is all, there is the
//! result, and no task was switched. If the handler waits for something, it is left to the service's driver.

use std::{cell::Cell as Flag, task::Context};

use super::{
    AnyCell, Cell, HandledBy, Path, Port, Service,
    outcome::{Outcome, To},
    pool::{Memory, Spare},
    step::{Step, first_step},
    visit::Visit,
};
use crate::{
    error::{Failure, LostReason},
    message::{Answering, Due, Envelope, Handled, Method, reply_slot},
};

/// Calls within calls go this deep on one stack.
const DEEPEST: u32 = 16;

thread_local! {
    static DEPTH: Flag<u32> = const { Flag::new(0) };
}

/// What became of a call that tried the short path.
pub(crate) enum Short<M: Method> {
    /// The handler has ended, or will answer from elsewhere.
    Done(Result<M::Value, M::Error>),
    Failed(Box<Failure>),
    /// The answer comes later.
    Waits(Answering<M>),
    /// The service is not idle, or must not be run here: nothing has happened, the arguments are where they were.
    NotNow,
}

pub(super) type ShortFn<M> = fn(&dyn AnyCell, ShortCall<'_, '_, M>) -> Short<M>;

/// A call that tries the short path.
pub(crate) struct ShortCall<'a, 'b, M: Method> {
    /// Taken if the handler runs.
    pub(crate) args: &'a mut Option<M::Args>,
    /// None if there is nothing in it. Taken if the handler runs.
    pub(crate) envelope: &'a mut Option<Envelope>,
    pub(crate) due: Due,
    /// Memory that the last such call has left.
    pub(crate) spare: &'a mut Spare,
    /// Of the caller.
    pub(crate) task: &'a mut Context<'b>,
    /// The place of the method in the service's table.
    pub(crate) index: usize,
    /// Also if its steps are long.
    pub(crate) always: bool,
}

impl<M: Method> Port<M> {
    /// Runs the call here and now, if the service is idle.
    #[inline]
    pub(crate) fn short(&self, cell: &dyn AnyCell, call: ShortCall<'_, '_, M>) -> Short<M> {
        (self.short)(cell, call)
    }
}

/// One more call on the stack.
struct Deeper;

impl Deeper {
    fn enter() -> Option<Self> {
        let depth = DEPTH.get();
        (depth < DEEPEST).then(|| {
            DEPTH.set(depth + 1);
            Self
        })
    }
}

impl Drop for Deeper {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get() - 1);
    }
}

pub(super) fn short<S: Service, L: Path<S>, M: HandledBy<L::Unit>>(
    cell: &dyn AnyCell,
    call: ShortCall<'_, '_, M>,
) -> Short<M> {
    let Some(_deeper) = Deeper::enter() else { return Short::NotNow };
    let Some(visit) = begin::<S>(cell, call.index, call.always) else { return Short::NotNow };
    let Some(args) = call.args.take() else {
        visit.end();
        return Short::NotNow;
    };
    let Visit { cell, held, mut body } = visit;
    // Most often there is none, and moving none costs as much as moving one if nobody looks.
    let envelope = if call.envelope.is_some() { call.envelope.take() } else { None };
    body.begin::<L>(envelope, call.due, M::INFO.name);
    let mut waits = None;
    let later = &mut || {
        let (reply, answering) = reply_slot::<M>(None);
        waits = Some(answering);
        To::Here(reply)
    };
    match first_step::<S, L, M>((cell, call.index), (body, args), Memory::Spare(call.spare), call.task, later) {
        Step::Over(body, outcome) => {
            cell.counts.short();
            if let Some(visit) = (Visit { cell, held, body }).ended() {
                visit.end();
            }
            settle(outcome)
        }
        Step::Waits(running, changed) => {
            cell.suspend(held, running, changed);
            waits.map_or_else(|| Short::Failed(Box::new(LostReason::NoReply.into())), Short::Waits)
        }
    }
}

/// Takes the turn, if callers may run the method, and the service is idle.
#[inline]
fn begin<S: Service>(cell: &dyn AnyCell, index: usize, always: bool) -> Option<Visit<'_, S>> {
    let cell = cell.as_any().downcast_ref::<Cell<S>>()?;
    let pace = &cell.table.methods.get(index)?.pace;
    if pace.is_long() && !always {
        return None;
    }
    Visit::begin(cell, !pace.waits())
}

fn settle<M: Method>(outcome: Outcome<M>) -> Short<M> {
    match outcome.map(Handled::now) {
        Ok(Ok(result)) => Short::Done(result),
        Ok(Err(later)) => {
            let (reply, answer) = reply_slot::<M>(None);
            To::Here(reply).tell(Ok(later));
            Short::Waits(answer)
        }
        Err(failure) => Short::Failed(failure),
    }
}
