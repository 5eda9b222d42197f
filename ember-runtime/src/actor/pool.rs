//! Memory for the futures of handlers: what one call has used, the next call of the same method uses again. Each thread has
//! its own.

use std::{
    any::{Any, TypeId},
    cell::RefCell,
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
    pin::Pin,
};

use pin_project_lite::pin_project;

/// So many of a kind are kept, no more.
const KEPT: usize = 16;

pin_project! {
    /// A place for a future and what is to be done with its output.
    pub(super) struct Slot<F, D> {
        #[pin]
        pub(super) future: Option<F>,
        pub(super) done: Option<D>,
    }
}

/// A type's id is as good as a hash.
#[derive(Default)]
struct Same(u64);

impl Hasher for Same {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }

    fn write_u64(&mut self, id: u64) {
        self.0 = id;
    }
}

/// By the type of the slot; each holds a `Vec<Pin<Box<Slot<…>>>>`. There are not more types than the program has methods.
type Shelves = HashMap<TypeId, Box<dyn Any>, BuildHasherDefault<Same>>;

thread_local! {
    static SHELVES: RefCell<Shelves> = RefCell::new(Shelves::default());
}

/// Places `future`.
pub(super) fn place<F: 'static, D: 'static>(future: F, done: Option<D>) -> Pin<Box<Slot<F, D>>> {
    // A thread that ends has no shelves any more.
    let kept = SHELVES.try_with(|shelves| {
        let mut shelves = shelves.borrow_mut();
        let shelf = shelves.get_mut(&TypeId::of::<Slot<F, D>>())?;
        shelf.downcast_mut::<Vec<Pin<Box<Slot<F, D>>>>>()?.pop()
    });
    match kept.ok().flatten() {
        Some(mut slot) => {
            let mut parts = slot.as_mut().project();
            parts.future.set(Some(future));
            *parts.done = done;
            slot
        }
        None => Box::pin(Slot { future: Some(future), done }),
    }
}

/// Keeps the place for another time. What is still in it, is dropped.
pub(super) fn keep<F: 'static, D: 'static>(mut slot: Pin<Box<Slot<F, D>>>) {
    let mut parts = slot.as_mut().project();
    parts.future.set(None);
    *parts.done = None;
    let _ended = SHELVES.try_with(|shelves| {
        let mut shelves = shelves.borrow_mut();
        let shelf = shelves
            .entry(TypeId::of::<Slot<F, D>>())
            .or_insert_with(|| Box::new(Vec::<Pin<Box<Slot<F, D>>>>::with_capacity(KEPT)));
        if let Some(shelf) = shelf.downcast_mut::<Vec<Pin<Box<Slot<F, D>>>>>()
            && shelf.len() < KEPT
        {
            shelf.push(slot);
        }
    });
}
