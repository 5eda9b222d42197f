//! How far the driver of a service is. It is one word, and each mark is set by one exchange: of two threads that set one each, the
//! later one sees the other's. With a word for each, both could look too early. `tests/loom` runs this very file under loom.

use super::sync::{AtomicU32, Ordering};

/// Somebody makes the driver, or has made it, or has ended the service without one.
pub(crate) const SPAWNED: u32 = 1;
/// The handle that ends it is there.
pub(crate) const READY: u32 = 2;
/// The service is to end at once.
pub(crate) const ABORTED: u32 = 4;
/// The service has ended, and there is no driver any more.
pub(crate) const ENDED: u32 = 8;

#[derive(Debug)]
pub(crate) struct Marks(AtomicU32);

impl Default for Marks {
    fn default() -> Self {
        Self(AtomicU32::new(0))
    }
}

impl Marks {
    /// Sets a mark; those that were there before.
    pub(crate) fn set(&self, mark: u32) -> u32 {
        self.0.fetch_or(mark, Ordering::AcqRel)
    }

    pub(crate) fn has(&self, mark: u32) -> bool {
        self.0.load(Ordering::Acquire) & mark != 0
    }
}
