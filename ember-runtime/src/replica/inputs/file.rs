//! Bytes of a journal.

use crate::{
    frames,
    replica::{Held, journal},
};

/// The first byte says what the rest is: a journal as it is; or entries, each with its length (2 bytes) before it, of which one with the right checksums is
/// made. Whether it was one.
pub(crate) fn file(bytes: &[u8]) -> bool {
    let Some((kind, rest)) = bytes.split_first() else { return false };
    if kind % 2 == 0 {
        return journal::restore(rest).is_ok();
    }
    let (mut file, mut rest) = (Vec::new(), rest);
    while let Some((length, after)) = rest.split_first_chunk() {
        let (entry, after) = after.split_at(usize::from(u16::from_le_bytes(*length)).min(after.len()));
        frames::add(&mut file, |out| out.extend([&[0; 8], entry].concat())).expect("it is short");
        rest = after;
    }
    let Ok(restored) = journal::restore(&file) else { return false };
    let _goes_on = Held::restored(restored.base, restored.records);
    true
}
