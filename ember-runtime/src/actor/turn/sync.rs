//! What [`unsafe_turn`](super::unsafe_turn) and [`limit`](super::limit) are built on. A test runs those files on loom's types of the same
//! names instead.

pub(crate) use std::{
    hint::spin_loop as pause,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
};

pub(crate) use tokio::time::Instant;

pub(crate) use crate::sync::lock as guard;

/// So often a caller looks whether another has ended its turn, after one pause, two, four: a few microseconds all together.
pub(crate) const LOOKS: u32 = 7;

/// As `std`'s, with the face of loom's.
#[derive(Debug)]
pub(crate) struct UnsafeCell<T>(std::cell::UnsafeCell<T>);

impl<T> UnsafeCell<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(std::cell::UnsafeCell::new(value))
    }

    /// Calls `action` with a pointer to the value.
    #[inline]
    pub(crate) fn with_mut<R>(&self, action: impl FnOnce(*mut T) -> R) -> R {
        action(self.0.get())
    }
}
