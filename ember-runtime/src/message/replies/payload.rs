//! Bytes that came over a link: few are kept in place, more are shared with the buffer that they came in.

use std::{fmt, ops::Deref};

use bytes::Bytes;

use crate::message::format::{Lent, lend};

/// So many are kept in place: then it is no larger than `Bytes`, and nobody counts references.
const FEW: usize = 22;

/// The arguments of a call, or its result, still as they travelled.
#[derive(Clone)]
pub(crate) struct Payload(Inner);

#[derive(Clone)]
enum Inner {
    Few(u8, [u8; FEW]),
    Many(Bytes),
}

impl Payload {
    /// The same bytes, if they are so few that they are kept in place.
    #[inline]
    pub(crate) fn few(bytes: &[u8]) -> Option<Self> {
        let mut kept = [0; FEW];
        kept.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(Self(Inner::Few(bytes.len() as u8, kept)))
    }

    /// Values that are nothing but bytes may keep a part of these, if they are read while this is there.
    #[inline]
    pub(crate) fn lend(&self) -> Lent {
        match &self.0 {
            Inner::Few(..) => Lent::NONE,
            Inner::Many(bytes) => lend(bytes),
        }
    }

    /// Drops what comes after the first `size` bytes.
    #[cfg(any(test, feature = "cluster"))]
    pub(crate) fn truncate(&mut self, size: usize) {
        match &mut self.0 {
            Inner::Few(count, _) => *count = (*count).min(u8::try_from(size).unwrap_or(u8::MAX)),
            Inner::Many(bytes) => bytes.truncate(size),
        }
    }
}

impl From<Bytes> for Payload {
    fn from(bytes: Bytes) -> Self {
        Self(Inner::Many(bytes))
    }
}

impl Deref for Payload {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match &self.0 {
            Inner::Few(count, kept) => kept.get(..usize::from(*count)).unwrap_or_default(),
            Inner::Many(bytes) => bytes,
        }
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Payload({} bytes)", self.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_bytes_are_kept_in_place_and_nothing_is_larger_for_it() {
        assert_eq!(size_of::<Payload>(), size_of::<Bytes>());
        for size in 0..=FEW + 1 {
            let bytes = vec![size as u8; size];
            let few = Payload::few(&bytes);
            assert_eq!(few.is_some(), size <= FEW);
            let payload = few.unwrap_or_else(|| Bytes::from(bytes.clone()).into());
            assert_eq!(*payload, bytes[..]);
        }
    }
}
