//! What keeps a timer from overlapping itself.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// Whether a tick waits or runs.
#[derive(Default)]
pub(super) struct UnderWay(Arc<AtomicBool>);

impl UnderWay {
    /// Begins a tick, unless the last one is still under way.
    pub(super) fn begin(&self) -> Option<Tick> {
        (!self.0.swap(true, Ordering::AcqRel)).then(|| Tick(Arc::clone(&self.0)))
    }
}

/// A tick under way: the next one is not due before it is dropped.
pub(super) struct Tick(Arc<AtomicBool>);

impl Drop for Tick {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}
