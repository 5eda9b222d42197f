//! Bytes that are a whole value, as large messages mostly are: they are read as one block, and a `Bytes` that was sent is a part of what came,
//! not a copy.

use std::{any::Any, cell::RefCell};

use bytes::Bytes;

use super::{
    compact::{Reader, Writer},
    error::CodecError,
};

/// Fewer bytes are copied: for them it costs less, and they keep nothing else in memory.
const SHARED: usize = 64 << 10;

thread_local! {
    /// What is being read on this thread, if parts of it may be kept.
    static LENT: RefCell<Option<Bytes>> = const { RefCell::new(None) };
}

/// Reads a value of the type `T` from the front of the bytes.
type ReadFn<T> = fn(&mut &[u8]) -> Result<T, CodecError>;

/// Appends a value of the type `T`.
type WriteFn<T> = fn(&T, &mut Vec<u8>) -> Result<(), CodecError>;

/// How a `T` is read, if it is nothing but bytes.
pub(crate) fn reader<T: 'static>() -> Option<ReadFn<T>> {
    const READ: (ReadFn<Vec<u8>>, ReadFn<Bytes>) =
        (|bytes| block::<Vec<u8>>(bytes).map(<[u8]>::to_vec), |bytes| block::<Bytes>(bytes).map(keep));
    let (of_vec, of_bytes): (&dyn Any, &dyn Any) = (&READ.0, &READ.1);
    of_vec.downcast_ref::<ReadFn<T>>().or_else(|| of_bytes.downcast_ref()).copied()
}

/// How a `T` is written, if it is nothing but bytes and its own way is byte by byte.
pub(crate) fn writer<T: 'static>() -> Option<WriteFn<T>> {
    const WRITE: WriteFn<Vec<u8>> =
        |value, out| Writer::new(out).bytes(value).map_err(CodecError::unwritable::<Vec<u8>>);
    (&WRITE as &dyn Any).downcast_ref::<WriteFn<T>>().copied()
}

fn block<'a, T>(bytes: &mut &'a [u8]) -> Result<&'a [u8], CodecError> {
    let mut reader = Reader::new(bytes);
    let length = reader.length().map_err(CodecError::unreadable::<T>)?;
    let block = reader.bytes(length).map_err(CodecError::unreadable::<T>)?;
    *bytes = reader.rest();
    Ok(block)
}

/// A part of what is [lent](lend), or a copy.
fn keep(part: &[u8]) -> Bytes {
    // Half of it at least, so that nobody keeps much more than he has.
    let is_worth_it = |lent: &Bytes| part.len() >= SHARED && part.len() >= lent.len() / 2;
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
#[must_use = "as long as it is there"]
#[inline]
pub(crate) fn lend(bytes: &Bytes) -> Lent {
    // What is read may call, and read, itself.
    Lent((bytes.len() >= SHARED).then(|| LENT.replace(Some(bytes.clone()))))
}

/// What was lent before, if something was.
pub(crate) struct Lent(Option<Option<Bytes>>);

impl Lent {
    pub(crate) const NONE: Self = Self(None);
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
    use crate::message::format::{append, read};

    fn written(value: &[u8]) -> Bytes {
        let mut out = Vec::new();
        append(&value, &mut out).unwrap();
        out.extend_from_slice(b"more");
        out.into()
    }

    #[test]
    fn a_block_is_what_serde_would_have_read() {
        for size in [0, 1, 127, 128, 70_000] {
            let value: Vec<u8> = (0..size).map(|at: usize| at as u8).collect();
            let bytes = written(&value);
            let mut block = Vec::new();
            writer::<Vec<u8>>().unwrap()(&value, &mut block).unwrap();
            assert_eq!([&block[..], b"more"].concat(), bytes);
            let (mut one, mut other, mut third) = (&bytes[..], &bytes[..], &bytes[..]);
            assert_eq!(reader::<Vec<u8>>().unwrap()(&mut one), read::<Vec<u8>>(&mut other));
            assert_eq!(reader::<Bytes>().unwrap()(&mut third), Ok(value.into()));
            assert_eq!([one, other, third], [b"more"; 3]);
        }
        assert!(reader::<Vec<i8>>().is_none() && reader::<String>().is_none() && reader::<[u8; 4]>().is_none());
    }

    #[test]
    fn what_is_cut_is_refused_by_the_name_of_its_type() {
        let bytes = written(&[7; 300]);
        for cut in [&[][..], &bytes[..1], &bytes[..2], &bytes[..301]] {
            let error = reader::<Vec<u8>>().unwrap()(&mut &*cut).unwrap_err();
            assert_eq!(error, read::<Vec<u8>>(&mut &*cut).unwrap_err());
            assert!(reader::<Bytes>().unwrap()(&mut &*cut).is_err());
        }
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
        let bytes: Bytes = [&written(&vec![7; SHARED])[..], &vec![0; 2 * SHARED]].concat().into();
        let _lent = lend(&bytes);
        let kept = reader::<Bytes>().unwrap()(&mut &bytes[..]).unwrap();
        assert!(!bytes.as_ptr_range().contains(&kept.as_ptr()));
    }
}
