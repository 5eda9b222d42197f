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

    /// The same for as many payloads of these sizes as there is room for, in their order: how many. Those without bytes are of this node.
    pub(super) fn charge_some(
        &self,
        sizes: impl Iterator<Item = usize> + Clone,
        limit: usize,
    ) -> Result<usize, RefusedReason> {
        let all = sizes.clone().sum();
        if all == 0 || self.charge(all, limit).is_ok() {
            return Ok(sizes.count());
        }
        let mut count = 0;
        for size in sizes {
            match self.charge(size, limit) {
                Ok(()) => count += 1,
                Err(_) if count > 0 => break,
                Err(full) => return Err(full),
            }
        }
        Ok(count)
    }

    /// So many wait no longer.
    pub(crate) fn discharge(&self, bytes: usize) {
        if bytes > 0 {
            self.0.fetch_sub(bytes, Ordering::Relaxed);
        }
    }
}
