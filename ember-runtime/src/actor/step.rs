//! The first step of a handler, whoever takes it: a caller that found the service idle, or its driver. Most handlers have ended
//! after it.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use super::{
    Body, Cell, HandledBy, Path, Service,
    call_job::{Outcome, running},
    job::{Done, Running},
    keyed::Noticing,
    pool::{Memory, Slot},
};
use crate::message::Method;

/// What became of it.
pub(super) enum Step<S: Service, M: Method> {
    Over(Box<Body<S>>, Outcome<M>),
    /// It waits for something. And whether modules were added or released so far.
    Waits(Running<S>, bool),
}

/// Takes the first step of the method `M`, which has the place `index` in the service's table. If it is not the last, `later`
/// says what is to be done with the outcome.
#[inline]
pub(super) fn first_step<S: Service, L: Path<S>, M: HandledBy<L::Unit>, D: Done<Outcome<M>> + Send + 'static>(
    (cell, index): (&Cell<S>, usize),
    (body, args): (Box<Body<S>>, M::Args),
    memory: &mut impl Memory,
    task: &mut Context<'_>,
    later: impl FnOnce() -> Option<D>,
) -> Step<S, M> {
    let mut slot = memory.place(|| running::<S, L, M>(body, args));
    let pace = cell.table.methods.get(index).map(|entry| &entry.pace);
    let step = pace.map(|pace| (pace, pace.begin()));
    let noticing = Noticing::begin(&cell.table);
    let polled = poll(slot.as_mut(), task);
    let changed = noticing.end();
    if let Some((pace, step)) = step {
        pace.end(step);
        pace.note(polled.is_pending());
    }
    match polled {
        Poll::Ready((mut body, outcome)) => {
            memory.keep(slot);
            body.core.changed |= changed;
            Step::Over(body, outcome)
        }
        Poll::Pending => {
            *slot.as_mut().project().done = later();
            Step::Waits(slot, changed)
        }
    }
}

#[inline]
fn poll<S, F, O, D>(slot: Pin<&mut Slot<F, D>>, task: &mut Context<'_>) -> Poll<(Box<Body<S>>, O)>
where
    S: Service,
    F: Future<Output = (Box<Body<S>>, O)>,
{
    match slot.project().future.as_pin_mut() {
        Some(future) => future.poll(task),
        None => Poll::Pending,
    }
}
