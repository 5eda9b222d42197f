//! Bytes that are being read, and of which a part may be kept: a `Bytes` that was sent is a part of what came, not a copy.

use std::{cell::RefCell, marker::PhantomData};

use bytes::Bytes;

/// Fewer bytes are copied: for them it costs less, and they keep nothing else in memory.
const SHARED: usize = 64 << 10;

thread_local! {
    /// What is being read on this thread, if parts of it may be kept.
    static LENT: RefCell<Option<Bytes>> = const { RefCell::new(None) };
}

/// A part of what is [lent](lend), or a copy.
pub(crate) fn keep(part: &[u8]) -> Bytes {
    // A quarter of it at least, so that nobody keeps much more than he has.
    let is_worth_it = |lent: &Bytes| part.len() >= SHARED && part.len() >= lent.len() / 4;
    let shared = LENT.with_borrow(|lent| lent.as_ref().filter(|it| is_worth_it(it)).and_then(|it| within(it, part)));
    shared.unwrap_or_else(|| Bytes::copy_from_slice(part))
}

/// The same bytes as a part of all, if that is where they lie.
fn within(all: &Bytes, part: &[u8]) -> Option<Bytes> {
    let start = (part.as_ptr() as usize).checked_sub(all.as_ptr() as usize)?;
    let end = start.checked_add(part.len())?;
    (end <= all.len()).then(|| all.slice(start..end))
}

/// As long as this is there, who reads these bytes may keep parts of them.
#[inline]
pub(crate) fn lend(bytes: &Bytes) -> Lent {
    // What is read may call, and read, itself.
    Lent((bytes.len() >= SHARED).then(|| LENT.replace(Some(bytes.clone()))), PhantomData)
}

/// What was lent before, if something was. It belongs to its thread.
#[must_use = "they are lent as long as it is there"]
pub(crate) struct Lent(Option<Option<Bytes>>, PhantomData<*const ()>);

impl Lent {
    pub(crate) const NONE: Self = Self(None, PhantomData);
}

impl Drop for Lent {
    #[inline]
    fn drop(&mut self) {
        if let Some(before) = self.0.take() {
            drop(LENT.replace(before));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::format::{append, block::reader};

    fn written(value: &[u8]) -> Bytes {
        let mut out = Vec::new();
        append(&value, &mut out).unwrap();
        out.into()
    }

    #[test]
    fn large_bytes_are_a_part_of_what_came_and_small_ones_are_copies() {
        let take = |bytes: &Bytes| reader::<Bytes>().unwrap()(&mut &bytes[..]).unwrap();
        for (size, is_shared) in [(SHARED, true), (SHARED - 1, false)] {
            let bytes = written(&vec![7; size]);
            let kept = {
                let _lent = lend(&bytes);
                take(&bytes)
            };
            assert_eq!(bytes.as_ptr_range().contains(&kept.as_ptr()), is_shared, "{size}");
            assert_eq!((kept.len(), kept.iter().all(|it| *it == 7)), (size, true));
        }
        let (bytes, other) = (written(&vec![7; SHARED]), written(&vec![8; SHARED]));
        let is_shared = || bytes.as_ptr_range().contains(&take(&bytes).as_ptr());
        {
            let _lent = lend(&bytes);
            {
                let _other = lend(&other);
                assert!(!is_shared(), "another is lent");
            }
            assert!(is_shared(), "it is lent again");
        }
        assert!(!is_shared(), "not any more");
    }

    #[test]
    fn a_small_part_of_much_is_a_copy() {
        let bytes: Bytes = [&written(&vec![7; SHARED])[..], &vec![0; 4 * SHARED]].concat().into();
        let _lent = lend(&bytes);
        let kept = reader::<Bytes>().unwrap()(&mut &bytes[..]).unwrap();
        assert!(!bytes.as_ptr_range().contains(&kept.as_ptr()));
    }
}
