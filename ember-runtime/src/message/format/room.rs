//! How much a value may take when it is written: known to the writing thread, so that formats stop there instead of going on
//! for seconds with what will be refused.

use std::cell::Cell;

use super::error::CodecError;
use crate::panics::attempt;

/// No buffer may grow any more: one was to grow over the limit.
const OVER: usize = 0;

thread_local! {
    /// No buffer grows over so many bytes while a value is written.
    static LIMIT: Cell<usize> = const { Cell::new(usize::MAX) };
}

/// Writes a value into a buffer.
pub(crate) type Encode<'a> = &'a mut dyn FnMut(&mut Vec<u8>) -> Result<(), CodecError>;

/// Why a value was not written.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unwritten {
    /// It takes more than there is room for.
    TooLarge,
    /// It panicked.
    Panicked,
    Refused(CodecError),
}

/// Lets `put`, which may run code of users, write to `out`, of which no more than `limit` bytes are wanted. Writing stops
/// there; only a codec of one's own, and what was in the buffer's memory already, may go on: look at its length afterwards. On an
/// error a part may be there.
#[inline]
pub(crate) fn put_within(limit: usize, out: &mut Vec<u8>, put: Encode<'_>) -> Result<(), Unwritten> {
    // Code of users may call, and write, itself: it has a limit of its own then.
    let before = LIMIT.replace(limit.max(OVER + 1));
    let written = attempt(|| put(out));
    let is_over = LIMIT.replace(before) == OVER;
    match written {
        Err(_) => Err(Unwritten::Panicked),
        Ok(_) if is_over => Err(Unwritten::TooLarge),
        Ok(written) => written.map_err(Unwritten::Refused),
    }
}

/// There is no room.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("it takes more bytes than a message may have")]
pub(crate) struct Full;

/// Appends `bytes`, if there is room for them.
#[inline]
pub(crate) fn extend(out: &mut Vec<u8>, bytes: &[u8]) -> Result<(), Full> {
    if out.capacity() - out.len() < bytes.len() {
        reserve(out, bytes.len())?;
    }
    out.extend_from_slice(bytes);
    Ok(())
}

/// Appends a byte, if there is room for it.
#[inline]
pub(crate) fn push(out: &mut Vec<u8>, byte: u8) -> Result<(), Full> {
    if out.len() == out.capacity() {
        reserve(out, 1)?;
    }
    out.push(byte);
    Ok(())
}

/// Makes room for `more` bytes, if there may be so many. As it is asked only when memory has run out, that costs nothing
/// otherwise.
#[cold]
pub(crate) fn reserve(out: &mut Vec<u8>, more: usize) -> Result<(), Full> {
    let limit = LIMIT.get();
    let wanted = out.len().saturating_add(more);
    if wanted > limit {
        LIMIT.set(OVER);
        return Err(Full);
    }
    let capacity = out.capacity().saturating_mul(2).max(64).min(limit).max(wanted);
    out.reserve_exact(capacity - out.len());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::append;

    /// Counts how many of its elements were written.
    struct Counted<'a>(&'a Cell<usize>);

    impl serde::Serialize for Counted<'_> {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            self.0.set(self.0.get() + 1);
            serializer.serialize_u64(u64::MAX)
        }
    }

    fn put(value: impl serde::Serialize, limit: usize) -> (Result<(), Unwritten>, usize) {
        let mut out = Vec::new();
        let put = &mut |out: &mut Vec<u8>| append(&value, out).map_err(CodecError::new);
        (put_within(limit, &mut out, put), out.len())
    }

    #[test]
    fn writing_stops_at_the_limit() {
        let count = Cell::new(0);
        let many: Vec<_> = (0..100_000).map(|_| Counted(&count)).collect();
        let (written, size) = put(&many, 1000);
        assert_eq!(written, Err(Unwritten::TooLarge));
        assert!(size <= 1000 && count.get() <= 101, "{size} bytes, {} elements", count.get());
        assert_eq!(put(&many, 2_000_000), (Ok(()), 1_000_003));
        // What is written otherwise has no limit.
        let mut out = Vec::new();
        append(&many, &mut out).unwrap();
    }

    #[test]
    fn a_value_that_writes_within_itself_has_two_limits() {
        struct Nested;
        impl serde::Serialize for Nested {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                assert_eq!(put([1; 32], 10).0, Err(Unwritten::TooLarge));
                assert_eq!(put([1; 32], 1000), (Ok(()), 32));
                serializer.serialize_bytes(&[1; 99])
            }
        }
        assert_eq!(put(Nested, 100), (Ok(()), 100));
        assert_eq!(put(Nested, 99).0, Err(Unwritten::TooLarge));
    }

    #[test]
    fn a_panic_leaves_the_thread_without_a_limit() {
        let put = &mut |_: &mut Vec<u8>| panic!("on purpose");
        assert_eq!(put_within(10, &mut Vec::new(), put), Err(Unwritten::Panicked));
        extend(&mut Vec::new(), &[1; 100]).unwrap();
    }

    #[test]
    fn json_and_protobuf_stop_too() {
        use crate::message::codecs::{Codec, Json};
        let put = &mut |out: &mut Vec<u8>| Json::encode(&vec![1_u32; 1000], out);
        let mut out = Vec::new();
        assert_eq!(put_within(100, &mut out, put), Err(Unwritten::TooLarge));
        assert!(out.len() <= 100);
        #[cfg(feature = "prost")]
        {
            let put = &mut |out: &mut Vec<u8>| crate::message::codecs::Prost::encode(&"x".repeat(1000), out);
            assert_eq!(put_within(100, &mut Vec::new(), put), Err(Unwritten::TooLarge));
        }
    }
}
