//! Memory for the futures of handlers: what one call has used, the next call of the same method uses again. Each thread has
//! its own.

use std::{any::Any, pin::Pin};

use pin_project_lite::pin_project;

use super::handed::To;
use crate::{message::MethodInfo, shelf};

pin_project! {
    /// A place for a future and for whom to tell its outcome, once that is not told on the spot.
    pub(crate) struct Slot<F, T: 'static, E: 'static> {
        #[pin]
        pub(crate) future: Option<F>,
        pub(crate) to: To<'static, T, E>,
        pub(crate) info: &'static MethodInfo,
    }
}

impl<F, T, E> Slot<F, T, E> {
    #[cold]
    #[inline(never)]
    fn empty(info: &'static MethodInfo) -> Pin<Box<Self>> {
        Box::pin(Self { future: None, to: To::Nobody, info })
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
    /// Places the future that `make` makes.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn place<F: 'static, T, E>(
        &mut self,
        info: &'static MethodInfo,
        make: impl FnOnce() -> F,
    ) -> Placed<F, T, E> {
        let kept = match self {
            Self::Thread => None,
            Self::Spare(spare) => spare.kept::<F, T, E>().and_then(Option::take),
        };
        let kept = match kept {
            None => shelf::take::<Placed<F, T, E>>(),
            kept => kept,
        };
        // A future is made once, in a place that is there already: each further move of a large one would take its size of the stack.
        let mut slot = kept.unwrap_or_else(|| Slot::empty(info));
        slot.as_mut().project().future.set(Some(make()));
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
            Self::Thread => shelf::keep(slot),
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

    #[inline]
    fn keep<F: 'static, T: 'static, E: 'static>(&mut self, slot: Placed<F, T, E>) {
        if self.0.is_none() {
            self.0 = Some(Box::new(Some(slot)));
        } else if let Some(kept) = self.kept() {
            *kept = Some(slot);
        } else {
            // It is for another kind of call.
            shelf::keep(slot);
        }
    }
}
