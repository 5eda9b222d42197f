//! Locks whose poison says nothing.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks what no panic leaves half written, so that its poison can be ignored.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
