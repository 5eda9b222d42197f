//! Buffers that are used again: fresh memory would have to be asked of the operating system, and cleared, for each frame.

use std::sync::{Arc, Mutex};

use bytes::Bytes;

use crate::sync::lock;

/// How much is kept: some are filled while others are being sent.
const KEPT: usize = 2 << 20;
/// A smaller one is not worth keeping, a larger one too much to keep.
const WORTH: std::ops::RangeInclusive<usize> = 4 << 10..=1 << 20;

/// The buffers of one queue that have come back.
#[derive(Debug, Clone, Default)]
pub(crate) struct Spare(Arc<Mutex<Vec<Vec<u8>>>>);

impl Spare {
    /// An empty buffer: one that was used before, or one that is worth using again.
    pub(crate) fn get(&self) -> Vec<u8> {
        lock(&self.0).pop().unwrap_or_else(|| Vec::with_capacity(*WORTH.start()))
    }

    /// Bytes whose memory comes back when nobody uses them any more.
    pub(crate) fn lend(&self, bytes: Vec<u8>) -> Bytes {
        if !WORTH.contains(&bytes.capacity()) {
            return bytes.into();
        }
        Bytes::from_owner(Lent { bytes, home: self.clone() })
    }

    /// Gives the memory back to the operating system.
    pub(crate) fn clear(&self) {
        lock(&self.0).clear();
    }
}

struct Lent {
    bytes: Vec<u8>,
    home: Spare,
}

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let mut kept = lock(&self.home.0);
        if kept.iter().map(Vec::capacity).sum::<usize>() + self.bytes.capacity() <= KEPT {
            let mut bytes = std::mem::take(&mut self.bytes);
            bytes.clear();
            kept.push(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_comes_back_when_its_last_part_is_dropped() {
        let spare = Spare::default();
        let lent = spare.lend(vec![1; 10_000]);
        let part = lent.slice(5..9);
        drop(lent);
        assert!(spare.get().capacity() < 10_000);
        drop(part);
        let back = spare.get();
        assert!(back.is_empty() && back.capacity() >= 10_000);
    }

    #[test]
    fn no_more_is_kept_than_is_worth_it() {
        let spare = Spare::default();
        drop([10, 2 << 20].map(|size| spare.lend(vec![1; size])));
        assert!(lock(&spare.0).is_empty());
        drop([KEPT / 4; 9].map(|size| spare.lend(vec![1; size])));
        assert_eq!(lock(&spare.0).len(), 4);
        spare.clear();
        assert!(lock(&spare.0).is_empty());
    }
}
