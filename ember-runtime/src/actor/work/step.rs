//! The first step of a handler, whoever takes it: a caller or a link that found the service idle, or its driver. Most handlers
//! have ended after it.

use std::task::{Context, Poll};

use super::{
    Body, Cell, HandledBy, Path, Service,
    call_job::running,
    job::Running,
    keyed::Noticing,
    outcome::{Outcome, To},
    pool::Memory,
};
use crate::{
    actor::turn::{Pace, pace},
    message::Method,
};

/// What became of it.
pub(super) enum Step<S: Service, M: Method> {
    Over(Box<Body<S>>, Outcome<M>),
    /// It waits for something. And whether modules were added or released so far.
    Waits(Running<S>, bool),
}

/// Takes the first step of the method `M`, which has the place `index` in the service's table. If it is not the last, `later`
/// says who is to be told of the outcome. What goes in and comes out is large: both callers have it within.
#[allow(clippy::inline_always, reason = "measured: a short call takes a tenth longer otherwise")]
#[inline(always)]
pub(super) fn first_step<S: Service, L: Path<S>, M: HandledBy<L::Unit>>(
    (cell, index): (&Cell<S>, usize),
    (body, args): (Box<Body<S>>, M::Args),
    mut memory: Memory<'_>,
    task: &mut Context<'_>,
    later: &mut dyn FnMut() -> To<'static, M>,
) -> Step<S, M> {
    let mut slot = memory.place(|| running::<S, L, M>(body, args));
    let step = Measured::begin(cell, index);
    let polled = match slot.as_mut().project().future.as_pin_mut() {
        Some(future) => future.poll(task),
        None => Poll::Pending,
    };
    let changed = step.end(polled.is_pending());
    match polled {
        Poll::Ready((mut body, outcome)) => {
            memory.keep(slot);
            body.core.changed |= changed;
            Step::Over(body, outcome)
        }
        Poll::Pending => {
            *slot.as_mut().project().to = later();
            Step::Waits(slot, changed)
        }
    }
}

/// What is noticed of a step.
struct Measured<'a> {
    pace: Option<(&'a Pace, pace::Step)>,
    noticing: Noticing,
}

impl<'a> Measured<'a> {
    #[inline]
    fn begin<S: Service>(cell: &'a Cell<S>, index: usize) -> Self {
        let pace = cell.table.methods.get(index).map(|entry| (&entry.pace, entry.pace.begin()));
        Self { pace, noticing: Noticing::begin(&cell.table) }
    }

    /// Whether modules were added or released.
    #[inline]
    fn end(self, waits: bool) -> bool {
        if let Some((pace, step)) = self.pace {
            pace.end(step);
            pace.note(waits);
        }
        self.noticing.end()
    }
}
