//! Places in small tables for ids, which are as good as hashes already.

use std::hash::Hasher;

/// Where an id goes.
pub(super) struct Mixed(pub(super) u64);

impl Mixed {
    /// In a table of this size.
    #[inline]
    pub(super) fn place(&self, size: usize) -> usize {
        (self.0 ^ self.0 >> 32) as usize % size
    }
}

impl Hasher for Mixed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.0 = self.0.rotate_left(8) ^ u64::from(byte));
    }

    #[inline]
    fn write_u64(&mut self, id: u64) {
        self.0 ^= id;
    }
}
