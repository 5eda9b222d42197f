//! The steps of a handler. The first one is taken by whoever runs the service: a caller or a link that found it idle, or its driver.
//! Most handlers have ended after it.

use std::{
    mem,
    pin::{Pin, pin},
    task::{Context, Poll, ready},
};

use super::{
    execute::{execute, panicked},
    handed::{Handed, To, conclude},
    pool::{Memory, Slot},
};
use crate::{
    actor::{
        service::{Body, HandledBy, Noticing, Path, Run, Running, Service, Stepping},
        turn::{Pace, pace},
    },
    message::Method,
    panics::outlived,
};

/// Runs the method `M`. A panic ends the call, not the service.
async fn running<S: Service, L: Path<S>, M: HandledBy<L::Unit>>(
    mut body: Box<Body<S>>,
    args: M::Args,
) -> (Box<Body<S>>, Handed<M>) {
    let outcome = outlived(pin!(execute::<S, L, M>(&mut body, args))).await;
    let outcome = outcome.unwrap_or_else(|panic| Err(panicked(&mut body, panic)));
    (body, outcome)
}

/// What became of the first step.
pub(crate) enum Step<S: Service, M: Method> {
    Over(Box<Body<S>>, Handed<M>),
    /// It waits for something. And whether modules were added or released so far.
    Waits(Running<S>, bool),
}

/// Takes the first step of the method `M`. If it is not the last, `later` says who is to be told of the outcome. What goes in and
/// comes out is large: both callers have it within.
#[allow(clippy::inline_always, reason = "measured: a short call takes a tenth longer otherwise")]
#[inline(always)]
pub(crate) fn first_step<S: Service, L: Path<S>, M: HandledBy<L::Unit>>(
    Stepping { pace, has_keyed, task }: &mut Stepping<'_, '_>,
    (body, args): (Box<Body<S>>, M::Args),
    mut memory: Memory<'_>,
    later: &mut dyn FnMut() -> To<'static, M>,
) -> Step<S, M> {
    let mut slot = memory.place(|| running::<S, L, M>(body, args));
    let step = Measured::begin(*pace, *has_keyed);
    let polled = match slot.as_mut().project().future.as_pin_mut() {
        Some(future) => future.poll(task),
        None => Poll::Pending,
    };
    let changed = step.end(polled.is_pending(), task);
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

impl<S, F, M> Run<S> for Slot<F, M>
where
    S: Service,
    F: Future<Output = (Box<Body<S>>, Handed<M>)> + Send + 'static,
    M: Method,
{
    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Box<Body<S>>> {
        let parts = self.project();
        let Some(future) = parts.future.as_pin_mut() else { return Poll::Pending };
        let (mut body, outcome) = ready!(future.poll(task));
        conclude(&mut body, outcome, mem::replace(parts.to, To::Nobody));
        Poll::Ready(body)
    }

    fn end(self: Pin<Box<Self>>) {
        Memory::Thread.keep(self);
    }
}

/// What is noticed of a step.
struct Measured<'a> {
    pace: Option<(&'a Pace, pace::Step)>,
    noticing: Noticing,
}

impl<'a> Measured<'a> {
    #[inline]
    fn begin(pace: Option<&'a Pace>, has_keyed: bool) -> Self {
        Self { pace: pace.map(|pace| (pace, pace.begin())), noticing: Noticing::begin(has_keyed) }
    }

    /// Whether modules were added or released.
    #[inline]
    fn end(self, waits: bool, task: &mut Context<'_>) -> bool {
        if let Some((pace, step)) = self.pace {
            pace.end(step, task);
            pace.note(waits);
        }
        self.noticing.end()
    }
}
