//! What the [`crew`](super::crew) is built on. A test runs that file on loom's types of the same names instead.

pub(crate) use std::sync::{Condvar, Mutex, MutexGuard};
