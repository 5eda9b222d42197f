//! Memory for the futures of handlers: what one call has used, the next call of the same method uses again. Each thread has
//! its own.

use std::{any::Any, pin::Pin};

use pin_project_lite::pin_project;

use crate::shelf;

pin_project! {
    /// A place for a future and what is to be done with its output.
    pub(super) struct Slot<F, D> {
        #[pin]
        pub(super) future: Option<F>,
        pub(super) done: Option<D>,
    }
}

impl<F, D> Slot<F, D> {
    fn empty(self: Pin<&mut Self>) {
        let mut parts = self.project();
        parts.future.set(None);
        *parts.done = None;
    }
}

/// Where slots come from, and where they go when they are empty again.
pub(super) trait Memory {
    /// Places the future that `make` makes.
    fn place<F: 'static, D: 'static>(&mut self, make: impl FnOnce() -> F) -> Pin<Box<Slot<F, D>>>;

    /// Keeps the place for the next time. What is still in it, is dropped.
    fn keep<F: 'static, D: 'static>(&mut self, slot: Pin<Box<Slot<F, D>>>);
}

/// The memory of one kind of call, for somebody who makes it again and again.
#[derive(Default)]
pub(crate) struct Spare(Option<Box<dyn Any>>);

impl Memory for Spare {
    #[inline]
    fn place<F: 'static, D: 'static>(&mut self, make: impl FnOnce() -> F) -> Pin<Box<Slot<F, D>>> {
        let kept = self.0.as_deref_mut().and_then(<dyn Any>::downcast_mut::<Option<Pin<Box<Slot<F, D>>>>>);
        match kept.and_then(Option::take) {
            Some(mut slot) => {
                slot.as_mut().project().future.set(Some(make()));
                slot
            }
            None => Pool.place(make),
        }
    }

    #[inline]
    fn keep<F: 'static, D: 'static>(&mut self, mut slot: Pin<Box<Slot<F, D>>>) {
        slot.as_mut().empty();
        match &mut self.0 {
            None => self.0 = Some(Box::new(Some(slot))),
            Some(kept) => match kept.downcast_mut::<Option<Pin<Box<Slot<F, D>>>>>() {
                Some(kept) => *kept = Some(slot),
                // It is for another kind of call.
                None => Pool.keep(slot),
            },
        }
    }
}

/// What the present thread keeps.
pub(super) struct Pool;

impl Memory for Pool {
    #[inline]
    fn place<F: 'static, D: 'static>(&mut self, make: impl FnOnce() -> F) -> Pin<Box<Slot<F, D>>> {
        match shelf::take::<Pin<Box<Slot<F, D>>>>() {
            Some(mut slot) => {
                slot.as_mut().project().future.set(Some(make()));
                slot
            }
            None => Box::pin(Slot { future: Some(make()), done: None }),
        }
    }

    #[inline]
    fn keep<F: 'static, D: 'static>(&mut self, mut slot: Pin<Box<Slot<F, D>>>) {
        slot.as_mut().empty();
        shelf::keep(slot);
    }
}
