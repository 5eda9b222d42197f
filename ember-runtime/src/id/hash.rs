//! The hashes whose values are part of the wire format.

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

/// The 64-bit XXH3 hash of `bytes`, without a seed. Stable for ever: the keys that contracts name are hashed with it, so that each caller
/// of each program finds the same instance for the same key.
pub(crate) fn xxh3(bytes: &[u8]) -> u64 {
    twox_hash::XxHash3_64::oneshot(bytes)
}

#[cfg(test)]
mod tests {
    #[test]
    fn matches_the_published_vectors() {
        assert_eq!(super::fnv1a(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(super::fnv1a("a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(super::fnv1a("foobar"), 0x8594_4171_f739_67e8);
    }

    /// Of the reference's own test, with its input; each length is hashed by another part of the algorithm.
    #[test]
    fn xxh3_is_that_of_the_reference() {
        let mut state = 2_654_435_761_u64;
        let input: Vec<u8> = std::iter::repeat_with(|| {
            let byte = (state >> 56) as u8;
            state = state.wrapping_mul(11_400_714_785_074_694_797);
            byte
        })
        .take(5_000)
        .collect();
        let known = [
            (0, 0x2d06_8005_38d3_94c2),
            (1, 0xc44b_dff4_074e_ecdb),
            (3, 0x5424_7382_a8d6_b94d),
            (4, 0xe5dc_74bc_5184_8a51),
            (8, 0x24cc_c9ac_aa9f_65e4),
            (9, 0x14d5_001c_15dd_3f2b),
            (16, 0x981b_17d3_6c74_98c9),
            (17, 0x796f_5acd_3a60_f862),
            (128, 0xfcff_2412_6754_d861),
            (129, 0x98f1_b0a6_79a2_ca29),
            (240, 0x81c3_c2b6_7f56_8ccf),
            (241, 0xc5a6_39ec_d203_0e5e),
            (1024, 0xdd85_c9b5_c110_9c5c),
            (1025, 0xd870_c0fa_1321_1c6a),
            (5000, 0x1c24_6c7b_fe00_3a78),
        ];
        for (length, hash) in known {
            assert_eq!(super::xxh3(&input[..length]), hash, "of {length} bytes");
        }
    }
}
