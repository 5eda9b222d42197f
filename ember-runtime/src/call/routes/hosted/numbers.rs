//! A hash for the numbers of services. They are given out one after the other: neighbours come to lie beside each other, where
//! the processor finds them sooner than anywhere else.

use std::hash::{BuildHasherDefault, Hasher};

/// A map by number.
pub(crate) type ByNumber<T> = std::collections::HashMap<u64, T, BuildHasherDefault<Spread>>;

/// The low bits say where a number goes; the highest tell it from its neighbours.
#[derive(Debug, Default)]
pub(crate) struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        const TAG: u64 = 0x7f << 57;
        (self.0 & !TAG) | (self.0.wrapping_mul(0x9e37_79b9_7f4a_7c15) & TAG)
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.0 = self.0.rotate_left(8) ^ u64::from(byte));
    }

    #[inline]
    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}
