//! The first step of the handler of an event. What does not wait has ended after it, and needs no memory of its own.

use std::{
    pin::{Pin, pin},
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;

use super::super::{
    execute::{alike, handle_event},
    pool::LARGE,
    task_job::log_failure,
};
use crate::{
    actor::{
        about::One,
        service::{Body, NO_METHOD, Noticing, OnEvent, Path, Run, Service, Start, Stepping},
    },
    error::Error,
    panics::attempt,
    shelf,
    threads::Work,
};

/// Takes the first step of the event handler `H` of the unit at `L`.
pub(crate) fn start_event<S: Service, L: Path<S>, H: OnEvent<L::Unit>>(
    body: Box<Body<S>>,
    work: Work,
    stepping: &mut Stepping<'_, '_>,
) -> Start<S> {
    begin(|| heard::<S, L, H>(body, work), stepping)
}

/// Has the handler deal with the event that the body has. A panic ends that, and nothing else here.
async fn heard<S: Service, L: Path<S>, H: OnEvent<L::Unit>>(mut body: Box<Body<S>>, work: Work) -> Box<Body<S>> {
    // Pinned where it is made: `await` would move it, twice its size of the stack where nothing is optimised.
    let handled = alike(pin!(handle_event::<S, L, H>(&mut body, None, work))).await;
    if let Err(error) = handled {
        log(&mut body, H::NAME, error);
    }
    body
}

fn log<S: Service>(body: &mut Body<S>, handler: &str, error: Error) {
    // The program may log with what panics.
    if let Err(panic) = attempt(|| log_failure(body, "a handler of an event", (handler, error))) {
        body.report(panic);
    }
}

pin_project! {
    /// A place for the future of a handler.
    struct Slot<F> {
        #[pin]
        future: Option<F>,
    }
}

fn begin<S, F>(make: impl FnOnce() -> F, stepping: &mut Stepping<'_, '_>) -> Start<S>
where
    S: Service,
    F: Future<Output = Box<Body<S>>> + Send + 'static,
{
    let mut slot = filled(make);
    let noticing = Noticing::begin(stepping.has_keyed);
    let polled = match slot.as_mut().project().future.as_pin_mut() {
        Some(future) => future.poll(stepping.task),
        None => Poll::Pending,
    };
    let changed = noticing.end();
    match polled {
        Poll::Ready(mut body) => {
            keep(slot);
            body.core.changed |= changed;
            // The next of its series comes soon.
            if body.heard.as_ref().is_some_and(One::is_last) {
                body.heard = None;
            }
            Start::Over(body)
        }
        Poll::Pending => Start::Waits(slot, changed, NO_METHOD),
    }
}

/// A place with the future in it. Where nothing is optimised what is moved into a place takes its size of the stack, which is given back by the time
/// that the future takes its first step.
#[cfg_attr(debug_assertions, inline(never))]
fn filled<F: 'static>(make: impl FnOnce() -> F) -> Pin<Box<Slot<F>>> {
    let mut slot = shelf::take::<Pin<Box<Slot<F>>>>().unwrap_or_else(|| Box::pin(Slot { future: None }));
    slot.as_mut().project().future.set(Some(make()));
    slot
}

/// The future has ended, and holds nothing any more.
fn keep<F: 'static>(slot: Pin<Box<Slot<F>>>) {
    if const { size_of::<Slot<F>>() <= LARGE } {
        shelf::keep(slot);
    }
}

impl<S, F> Run<S> for Slot<F>
where
    S: Service,
    F: Future<Output = Box<Body<S>>> + Send + 'static,
{
    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Box<Body<S>>> {
        let Some(future) = self.project().future.as_pin_mut() else { return Poll::Pending };
        let mut body = ready!(future.poll(task));
        // Others of its series may be far away, or done.
        body.heard = None;
        Poll::Ready(body)
    }

    fn end(self: Pin<Box<Self>>) {
        keep(self);
    }
}
