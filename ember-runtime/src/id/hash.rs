//! The one hash whose value is part of the wire format.

/// Continues `hash` over `bytes`. Stable for ever: the ids of methods on the wire are made with it.
pub(super) const fn step(mut hash: u64, bytes: &[u8]) -> u64 {
    let mut i = 0;
    while i < bytes.len() {
        hash ^= bytes[i] as u64;
        hash = hash.wrapping_mul(0x0000_0100_0000_01b3);
        i += 1;
    }
    hash
}

pub(super) const START: u64 = 0xcbf2_9ce4_8422_2325;

/// The 64-bit FNV-1a hash of `text`. The same on every machine and in every version.
pub const fn fnv1a(text: &str) -> u64 {
    step(START, text.as_bytes())
}

/// The same of several parts, told apart by their lengths.
pub(crate) fn fnv1a_of(parts: &[&[u8]]) -> u64 {
    parts.iter().fold(START, |hash, part| step(step(hash, &(part.len() as u64).to_le_bytes()), part))
}

#[cfg(test)]
mod tests {
    #[test]
    fn matches_the_published_vectors() {
        assert_eq!(super::fnv1a(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(super::fnv1a("a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(super::fnv1a("foobar"), 0x8594_4171_f739_67e8);
    }
}
