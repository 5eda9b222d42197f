//! Reads postcard. As the crate `postcard` does, with limits: a peer's bytes may say anything, also that a value is nested without
//! end, or that a sequence has 2⁶⁰ elements of no bytes each. And what a type says of the bytes that it refuses is kept.

use std::{borrow::Cow, fmt};

use serde::de::Error as _;

use crate::message::format::depth::Depth;

/// Elements of sequences and maps that take no bytes, such as those of a `Vec<()>`: no more than these in one value.
pub(crate) const MAX_EMPTY: u32 = 65_536;

/// Why bytes could not be read. Small, since it is a part of whatever is returned for a part of a value.
#[derive(Debug)]
pub(crate) struct Unreadable(Box<Cow<'static, str>>);

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unreadable {}

impl serde::de::Error for Unreadable {
    #[cold]
    fn custom<T: fmt::Display>(text: T) -> Self {
        Self(Box::new(text.to_string().into()))
    }
}

pub(crate) type Result<T> = std::result::Result<T, Unreadable>;

#[cold]
fn ended() -> Unreadable {
    Unreadable::custom("there are too few bytes")
}

#[cold]
fn too_large() -> Unreadable {
    Unreadable::custom("a number is too large")
}

/// A value's bytes, and what is left of the limits.
pub(crate) struct Reader<'de> {
    pub(crate) rest: &'de [u8],
    depth: Depth,
    /// So many more elements may have no bytes.
    pub(crate) empty: u32,
}

impl<'de> Reader<'de> {
    pub(crate) fn new(bytes: &'de [u8]) -> Self {
        Self { rest: bytes, depth: Depth::TOP, empty: MAX_EMPTY }
    }

    /// What has not been read.
    pub(crate) fn rest(&self) -> &'de [u8] {
        self.rest
    }

    #[inline]
    pub(crate) fn byte(&mut self) -> Result<u8> {
        let (byte, rest) = self.rest.split_first().ok_or_else(ended)?;
        self.rest = rest;
        Ok(*byte)
    }

    #[inline]
    pub(crate) fn bytes(&mut self, count: usize) -> Result<&'de [u8]> {
        let (bytes, rest) = self.rest.split_at_checked(count).ok_or_else(ended)?;
        self.rest = rest;
        Ok(bytes)
    }

    #[inline]
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or_else(ended)?;
        self.rest = rest;
        Ok(*bytes)
    }

    /// Seven bits in each byte, the lowest first; the highest bit says that another follows.
    #[inline]
    pub(crate) fn varint<const BITS: u32>(&mut self) -> Result<u64> {
        match self.rest.split_first() {
            // Most lengths, and all variants.
            Some((byte @ ..0x80, rest)) => {
                self.rest = rest;
                Ok((*byte).into())
            }
            _ => self.longer::<BITS>(),
        }
    }

    fn longer<const BITS: u32>(&mut self) -> Result<u64> {
        let mut value = 0;
        for shift in (0..BITS).step_by(7) {
            let byte = self.byte()?;
            let part = u64::from(byte & 0x7f);
            value |= part << shift;
            if byte & 0x80 == 0 {
                // Of the last byte there may be bits too many.
                return if shift + 7 > BITS && part >> (BITS - shift) != 0 { Err(too_large()) } else { Ok(value) };
            }
        }
        Err(too_large())
    }

    pub(crate) fn long_varint(&mut self) -> Result<u128> {
        let mut value = 0;
        for shift in (0..128).step_by(7) {
            let byte = self.byte()?;
            let part = u128::from(byte & 0x7f);
            if shift == 126 && part > 3 {
                break;
            }
            value |= part << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(too_large())
    }

    #[inline]
    pub(crate) fn length(&mut self) -> Result<usize> {
        usize::try_from(self.varint::<64>()?).map_err(Unreadable::custom)
    }

    #[inline]
    pub(crate) fn text(&mut self) -> Result<&'de str> {
        let length = self.length()?;
        std::str::from_utf8(self.bytes(length)?).map_err(Unreadable::custom)
    }

    /// Reads what is within a level, or two.
    #[inline]
    pub(crate) fn within<T>(&mut self, levels: u16, read: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let outside = self.depth;
        self.depth = outside.within(levels).map_err(Unreadable::custom)?;
        let value = read(self);
        self.depth = outside;
        value
    }

    #[inline]
    pub(crate) fn wrapped<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let outside = self.depth;
        self.depth = outside.wrapped().map_err(Unreadable::custom)?;
        let value = read(self);
        self.depth = outside;
        value
    }
}
