//! Hashes for small tables: of ids, which are as good as hashes already, and of what decides where calls go.

use std::hash::Hasher;

/// A hash, so far.
pub(crate) struct Mixed(pub(crate) u64);

impl Mixed {
    /// In a table of this size.
    #[inline]
    pub(crate) fn place(&self, size: usize) -> usize {
        (self.0 ^ self.0 >> 32) as usize % size
    }
}

impl Hasher for Mixed {
    fn finish(&self) -> u64 {
        self.0
    }

    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        words.iter().for_each(|&word| self.write_u64(u64::from_le_bytes(word)));
        if !rest.is_empty() {
            let mut word = [0; 8];
            word[..rest.len()].copy_from_slice(rest);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    #[inline]
    fn write_u64(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    }

    #[inline]
    fn write_u8(&mut self, byte: u8) {
        self.write_u64(byte.into());
    }

    #[inline]
    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }

    #[inline]
    fn write_isize(&mut self, number: isize) {
        self.write_u64(number as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_halves_of_a_hash_say_where_it_is() {
        let places = [0, 1, 1 << 32, 3 << 32, (3 << 32) + 3].map(|hash| Mixed(hash).place(8));
        assert_eq!(places, [0, 1, 1, 3, 0]);
    }
}
