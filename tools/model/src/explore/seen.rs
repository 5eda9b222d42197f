//! Which moments have been looked at: 64 bits of each.

use std::{
    collections::HashSet,
    hash::{BuildHasherDefault, Hash, Hasher},
};

use crate::world::World;

/// Folds each word into the state by a multiplication of 128 bits. Not for strangers' input.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Fold(u64);

impl Fold {
    fn word(&mut self, word: u64) {
        const ODD: u128 = 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835;
        let product = u128::from(self.0.rotate_left(23) ^ word ^ 0x2545_f491_4f6c_dd1d).wrapping_mul(ODD);
        self.0 = (product >> 64) as u64 ^ product as u64;
    }
}

impl Hasher for Fold {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.word(u64::from_le_bytes(word));
        }
    }

    fn write_u8(&mut self, word: u8) {
        self.word(word.into());
    }

    fn write_u16(&mut self, word: u16) {
        self.word(word.into());
    }

    fn write_u64(&mut self, word: u64) {
        self.word(word);
    }

    fn write_usize(&mut self, word: usize) {
        self.word(word as u64);
    }

    fn write_isize(&mut self, word: isize) {
        self.word(word as u64);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Moments that have been seen.
#[derive(Debug, Default)]
pub(crate) struct Seen(HashSet<u64, BuildHasherDefault<Fold>>);

impl Seen {
    /// Whether it is new.
    pub(crate) fn add(&mut self, world: &World) -> bool {
        let mut fold = Fold::default();
        world.hash(&mut fold);
        self.0.insert(fold.finish())
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}
