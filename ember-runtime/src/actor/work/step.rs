//! The steps of a handler. The first one is taken by whoever runs the service: a caller or a link that found it idle, or its driver.
//! Most handlers have ended after it.

use std::{
    any::TypeId,
    mem,
    pin::{Pin, pin},
    task::{Context, Poll, ready},
};

use tokio::time::{Instant, timeout_at};

use super::{
    execute::{alike, execute, execute_unless, panicked},
    handed::{Handed, Owing, To, conclude},
    job::once,
    pool::{Frame, Memory, Slot, frame},
};
use crate::{
    actor::{
        erased::RouteFn,
        service::{Body, HandledBy, Noticing, Path, Run, Running, Service, Start, Stepping, route},
        turn::{Pace, pace},
    },
    error::LostReason,
    message::{Method, MethodInfo},
    panics::outlived,
};

/// Runs the method `M`. A panic ends the call, not the service.
async fn running<S: Service, L: Path<S>, M: HandledBy<L::Unit>>(mut body: Box<Body<S>>, args: M::Args) -> Ran<S, M> {
    let outcome = outlived(alike(pin!(execute::<S, L, M>(&mut body, args)))).await;
    let outcome = outcome.unwrap_or_else(|panic| Err(panicked(&mut body, panic)));
    (body, outcome)
}

/// How calls of one method begin: what does that takes this, and not the method's type.
pub(crate) struct Handler<S: Service, A, T: 'static, E: 'static, F> {
    pub(crate) info: &'static MethodInfo,
    pub(crate) route: RouteFn,
    /// Tells it from all others.
    pub(super) kind: fn() -> TypeId,
    /// Puts the future of the handler into its place.
    pub(super) frame: Frame<S, A, F>,
    /// Begins a call that is dropped when its caller has gone, if the method is one of these.
    pub(crate) unless_gone: Option<UnlessGone<S, A, T, E>>,
}

/// What a handler has left: the body, and what it answers.
type Ran<S, M> = (Box<Body<S>>, Handed<<M as Method>::Value, <M as Method>::Error>);

type HandlerOf<S, M, F> = Handler<S, <M as Method>::Args, <M as Method>::Value, <M as Method>::Error, F>;

type UnlessGone<S, A, T, E> = fn(Box<Body<S>>, A, To<'static, T, E>, Option<Instant>) -> Start<S>;

/// That of the method `M` of the unit at `L`.
#[allow(clippy::inline_always, reason = "it is nothing but constants")]
#[cfg_attr(not(debug_assertions), inline(always))]
pub(crate) fn handler<S: Service, L: Path<S>, M: HandledBy<L::Unit>>()
-> HandlerOf<S, M, impl Future<Output = Ran<S, M>> + Send + 'static> {
    let unless_gone =
        const { if M::INFO.cancel { Some(unless_gone::<S, L, M> as UnlessGone<_, _, _, _>) } else { None } };
    Handler {
        info: const { &M::INFO },
        route: route::<S, L>,
        kind: TypeId::of::<fn(S, L, M)>,
        frame: frame!(running::<S, L, M>),
        unless_gone,
    }
}

/// Begins a call of the method `M` that is dropped when its caller has gone.
fn unless_gone<S: Service, L: Path<S>, M: HandledBy<L::Unit>>(
    body: Box<Body<S>>,
    args: M::Args,
    mut to: To<'static, M::Value, M::Error>,
    deadline: Option<Instant>,
) -> Start<S> {
    once(body, move |body| {
        Box::pin(async move {
            let gone = before(deadline, to.unwanted());
            let outcome = execute_unless::<S, L, M>(body, args, gone).await;
            // A caller who is still there has not seen yet that his time is over.
            let outcome = outcome.unwrap_or_else(|| Err(Box::new(LostReason::Deadline.into())));
            let by = Owing::of(&outcome, (S::SPEC.name, const { &M::INFO }), &body.core);
            to.tell(outcome, by);
        })
    })
}

/// Ends when `gone` does, or when the caller's deadline has passed.
async fn before(deadline: Option<Instant>, gone: impl Future<Output = ()>) {
    match deadline {
        Some(deadline) => drop(timeout_at(deadline, gone).await),
        None => gone.await,
    }
}

/// What became of the first step.
pub(crate) enum Step<S: Service, T, E> {
    Over(Box<Body<S>>, Handed<T, E>),
    /// It waits for something. And whether modules were added or released so far.
    Waits(Running<S>, bool),
}

/// Takes the first step of a handler. If it is not the last, `later` says who is to be told of the outcome. What goes in and
/// comes out is large: both callers have it within.
#[cfg_attr(
    not(debug_assertions),
    allow(clippy::inline_always, reason = "measured: a short call takes a tenth longer otherwise"),
    inline(always)
)]
pub(crate) fn first_step<S: Service, A, T: Send + 'static, E: Send + 'static, F>(
    Stepping { pace, has_keyed, task }: &mut Stepping<'_, '_>,
    handler: &Handler<S, A, T, E, F>,
    (body, args): (Box<Body<S>>, A),
    mut memory: Memory<'_>,
    later: &mut dyn FnMut() -> To<'static, T, E>,
) -> Step<S, T, E>
where
    F: Future<Output = (Box<Body<S>>, Handed<T, E>)> + Send + 'static,
{
    let kind = (handler.info, (handler.kind)());
    let mut slot = memory.place(kind, |place| (handler.frame)(place, body, args));
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

impl<S, F, T, E> Run<S> for Slot<F, T, E>
where
    S: Service,
    F: Future<Output = (Box<Body<S>>, Handed<T, E>)> + Send + 'static,
    T: Send + 'static,
    E: Send + 'static,
{
    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Box<Body<S>>> {
        let parts = self.project();
        let Some(future) = parts.future.as_pin_mut() else { return Poll::Pending };
        let (mut body, outcome) = ready!(future.poll(task));
        conclude(&mut body, parts.info, outcome, mem::replace(parts.to, To::Nobody));
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
