//! Writes postcard. As the crate `postcard` does, byte for byte, but what cannot be read again is refused here, at the sender,
//! and what a type says of its refusal is kept.

use std::fmt;

use serde::Serialize;

use crate::message::format::{
    depth::{Depth, TooDeep},
    room,
};

/// Why a value could not be written.
#[derive(Debug)]
pub(crate) enum Unwritable {
    /// This value, for a reason of its type's own.
    Value(String),
    /// The type asks for what the format does not have.
    Format(String),
    /// It is nested too deep.
    TooDeep(TooDeep),
    /// It has more bytes than there is room for.
    TooLong,
}

impl fmt::Display for Unwritable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(why) | Self::Format(why) => f.write_str(why),
            Self::TooDeep(why) => why.fmt(f),
            Self::TooLong => f.write_str("it has too many bytes"),
        }
    }
}

impl std::error::Error for Unwritable {}

impl serde::ser::Error for Unwritable {
    #[cold]
    fn custom<T: fmt::Display>(text: T) -> Self {
        Self::Value(text.to_string())
    }
}

pub(crate) type Result<T> = std::result::Result<T, Unwritable>;

/// Appends what it writes. On an error a part of it may be there.
pub(crate) struct Writer<'a> {
    pub(crate) out: &'a mut Vec<u8>,
    pub(crate) depth: Depth,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out, depth: Depth::TOP }
    }

    #[inline]
    pub(crate) fn push(&mut self, byte: u8) -> Result<()> {
        room::push(self.out, byte).map_err(|room::Full| Unwritable::TooLong)
    }

    #[inline]
    pub(crate) fn extend(&mut self, bytes: &[u8]) -> Result<()> {
        room::extend(self.out, bytes).map_err(|room::Full| Unwritable::TooLong)
    }

    #[inline]
    pub(crate) fn varint(&mut self, mut value: u64) -> Result<()> {
        while value > 0x7f {
            self.push(value as u8 | 0x80)?;
            value >>= 7;
        }
        self.push(value as u8)
    }

    pub(crate) fn long_varint(&mut self, mut value: u128) -> Result<()> {
        while value > 0x7f {
            self.push(value as u8 | 0x80)?;
            value >>= 7;
        }
        self.push(value as u8)
    }

    #[inline]
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Result<()> {
        self.varint(bytes.len() as u64)?;
        self.extend(bytes)
    }

    #[inline]
    pub(crate) fn wrapped<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        let outside = self.depth;
        self.depth = outside.wrapped().map_err(Unwritable::TooDeep)?;
        let done = value.serialize(&mut *self);
        self.depth = outside;
        done
    }
}
