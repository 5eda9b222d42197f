//! Memory for the futures of handlers: what one call has used, the next call of the same method uses again. Each thread has
//! its own. Where nothing is optimised a future is hidden in its place, so that what is done with it is compiled once for all methods that take and return
//! the same: an edit of a handler touches little more than the handler then.

#[cfg(debug_assertions)]
use std::task::{Context, Poll};
use std::{
    any::{Any, TypeId},
    pin::Pin,
};

use pin_project_lite::pin_project;

use super::handed::To;
#[cfg(debug_assertions)]
use crate::actor::about::Lends;
use crate::{actor::service::Body, message::MethodInfo, shelf};

pin_project! {
    /// A place for a future and for whom to tell its outcome, once that is not told on the spot.
    pub(crate) struct Slot<F, T: 'static, E: 'static> {
        #[pin]
        pub(crate) future: Option<F>,
        pub(crate) to: To<'static, T, E>,
        pub(crate) info: &'static MethodInfo,
        // That of the handler.
        kind: TypeId,
    }
}

impl<F, T, E> Slot<F, T, E> {
    #[cold]
    #[inline(never)]
    fn empty(info: &'static MethodInfo, kind: TypeId) -> Pin<Box<Self>> {
        Box::pin(Self { future: None, to: To::Nobody, info, kind })
    }
}

/// A place larger than this is made anew for each call: so much memory is not kept on each thread for what may never come again.
pub(super) const LARGE: usize = 16 * 1024;

type Placed<F, T, E> = Pin<Box<Slot<F, T, E>>>;

/// The memory of one kind of call, for somebody who makes it again and again.
#[derive(Default)]
pub(crate) struct Spare(Option<Box<dyn Any>>);

/// Where slots come from, and where they go when they are empty again.
pub(crate) enum Memory<'a> {
    /// What the present thread keeps.
    Thread,
    Spare(&'a mut Spare),
}

// Where nothing is optimised, nothing is made part of its callers: that would only be more to compile.
#[cfg_attr(
    not(debug_assertions),
    allow(clippy::inline_always, reason = "measured: a short call takes a twentieth longer otherwise")
)]
impl Memory<'_> {
    /// Places the future of a handler of this kind by `frame`.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn place<F: 'static, T, E>(
        &mut self,
        (info, kind): (&'static MethodInfo, TypeId),
        frame: impl FnOnce(Pin<&mut Option<F>>),
    ) -> Placed<F, T, E> {
        let kept = match self {
            Self::Thread => None,
            Self::Spare(spare) => spare.take::<F, T, E>(kind),
        };
        let kept = match kept {
            None => shelf::take_of::<Placed<F, T, E>>(kind),
            kept => kept,
        };
        // A future is made once, in a place that is there already: each further move of a large one would take its size of the stack.
        let mut slot = match kept {
            Some(slot) => slot,
            None => Slot::empty(info, kind),
        };
        frame(slot.as_mut().project().future);
        slot
    }

    /// Keeps the place of a future that has ended, whose outcome has been told, for the next time. The future is `async`: where
    /// it has ended it holds nothing any more, so that it need not be dropped before the next takes its place.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn keep<F: 'static, T, E>(&mut self, slot: Placed<F, T, E>) {
        debug_assert!(matches!(slot.to, To::Nobody), "somebody still waits for the outcome");
        if const { size_of::<Slot<F, T, E>>() > LARGE } {
            return drop(slot);
        }
        match self {
            Self::Thread => shelf::keep_of(slot.kind, slot),
            Self::Spare(spare) => spare.keep(slot),
        }
    }
}

impl Spare {
    /// Where a slot of this type is kept, if it is for such.
    #[inline]
    fn kept<F: 'static, T: 'static, E: 'static>(&mut self) -> Option<&mut Option<Placed<F, T, E>>> {
        self.0.as_deref_mut()?.downcast_mut()
    }

    /// The slot that is kept, if it is of this kind.
    #[inline]
    fn take<F: 'static, T: 'static, E: 'static>(&mut self, kind: TypeId) -> Option<Placed<F, T, E>> {
        let kept = self.kept::<F, T, E>()?;
        // Where nothing is optimised, handlers of other kinds have slots of the same type.
        if cfg!(debug_assertions) && kept.as_ref().is_some_and(|slot| slot.kind != kind) {
            return None;
        }
        kept.take()
    }

    #[inline]
    fn keep<F: 'static, T: 'static, E: 'static>(&mut self, slot: Placed<F, T, E>) {
        if self.0.is_none() {
            self.0 = Some(Box::new(Some(slot)));
        } else if let Some(kept) = self.kept() {
            *kept = Some(slot);
        } else {
            // It is for another kind of call.
            shelf::keep_of(slot.kind, slot);
        }
    }
}

/// Puts a future into its place.
pub(crate) type Frame<S, A, F> = fn(Pin<&mut Option<F>>, Box<Body<S>>, A);

/// That of the handler whose future this function makes: as it is, it becomes part of the code around it.
#[cfg(not(debug_assertions))]
macro_rules! frame {
    ($make:expr) => {
        |mut place, body, args| place.set(Some($make(body, args)))
    };
}

/// That of the handler whose future this function makes: hidden.
#[cfg(debug_assertions)]
macro_rules! frame {
    ($make:expr) => {
        |place, body, args| $crate::actor::work::pool::hide(place, (body, args), $make)
    };
}

pub(super) use frame;

/// The future of some handler, with the memory for the next of that handler.
#[cfg(debug_assertions)]
pub(crate) struct Hidden<S: Lends, A, O>(Option<Hiding<S, A, O>>);

#[cfg(debug_assertions)]
type Hiding<S, A, O> = Pin<Box<dyn Again<S, A, O>>>;

/// A future whose place can be used again.
#[cfg(debug_assertions)]
trait Again<S: Lends, A, O>: Future<Output = O> + Send {
    fn again(self: Pin<&mut Self>, body: Box<Body<S>>, args: A);
}

// No `Option`, whose functions are compiled together with those of all others: an edit of a handler would have them compiled anew.
#[cfg(debug_assertions)]
pin_project! {
    #[project = PlaceOf]
    enum Place<F> {
        Empty,
        Taken {
            #[pin]
            future: F,
        },
    }
}

#[cfg(debug_assertions)]
pin_project! {
    struct Made<S: Lends, A, F> {
        #[pin]
        place: Place<F>,
        make: fn(Box<Body<S>>, A) -> F,
    }
}

/// A place for it. The empty one is as large as the future, and is off the stack when that is made.
#[cfg(debug_assertions)]
#[inline(never)]
fn empty<S: Lends, A: 'static, O, F: Future<Output = O> + Send + 'static>(
    make: fn(Box<Body<S>>, A) -> F,
) -> Hiding<S, A, O> {
    Box::pin(Made { place: Place::Empty, make })
}

/// Puts the future that `make` makes into a place that is for this handler alone.
#[cfg(debug_assertions)]
pub(super) fn hide<S: Lends, A: 'static, O, F: Future<Output = O> + Send + 'static>(
    mut place: Pin<&mut Option<Hidden<S, A, O>>>,
    (body, args): (Box<Body<S>>, A),
    make: fn(Box<Body<S>>, A) -> F,
) {
    if let Some(Hidden(Some(kept))) = &mut *place {
        return kept.as_mut().again(body, args);
    }
    // Made where it stays, as above.
    let mut made = empty(make);
    made.as_mut().again(body, args);
    place.set(Some(Hidden(Some(made))));
}

#[cfg(debug_assertions)]
impl<S: Lends, A, F: Future + Send> Again<S, A, F::Output> for Made<S, A, F> {
    fn again(self: Pin<&mut Self>, body: Box<Body<S>>, args: A) {
        let mut this = self.project();
        this.place.set(Place::Taken { future: (this.make)(body, args) });
    }
}

#[cfg(debug_assertions)]
impl<S: Lends, A, F: Future> Future for Made<S, A, F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<F::Output> {
        match self.project().place.project() {
            PlaceOf::Taken { future } => future.poll(task),
            PlaceOf::Empty => Poll::Pending,
        }
    }
}

#[cfg(debug_assertions)]
impl<S: Lends, A, O> Future for Hidden<S, A, O> {
    type Output = O;

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<O> {
        let Some(future) = &mut self.0 else { return Poll::Pending };
        let polled = future.as_mut().poll(task);
        if polled.is_ready() && size_of_val(&**future) > LARGE {
            self.0 = None;
        }
        polled
    }
}
