//! How many bytes wait in a mailbox.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::error::RefusedReason;

/// Bytes of remote payload.
#[derive(Debug, Default)]
pub(crate) struct Bytes(AtomicUsize);

impl Bytes {
    /// Counts so many as waiting, or refuses.
    pub(super) fn charge(&self, bytes: usize, limit: usize) -> Result<(), RefusedReason> {
        let before = self.0.fetch_add(bytes, Ordering::Relaxed);
        // A payload that is larger than the whole bound is let in when nothing else waits: its size has a limit of its own.
        if before > 0 && before.saturating_add(bytes) > limit {
            self.discharge(bytes);
            return Err(RefusedReason::MailboxFull { limit: limit as u64 });
        }
        Ok(())
    }

    /// So many wait no longer.
    pub(crate) fn discharge(&self, bytes: usize) {
        self.0.fetch_sub(bytes, Ordering::Relaxed);
    }
}
