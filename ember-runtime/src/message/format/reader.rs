//! Reads postcard. As the crate `postcard` does, with limits: a peer's bytes may say anything, also that a value is nested without
//! end, or that a sequence has 2⁶⁰ elements of no bytes each. And what a type says of the bytes that it refuses is kept.

use std::{borrow::Cow, fmt};

use serde::de::{Deserializer, Error as _, Visitor};

use super::{
    depth::Depth,
    elements::{Elements, MAX_EMPTY},
};

/// Why bytes could not be read. Small, since it is a part of whatever is returned for a part of a value.
#[derive(Debug)]
pub(in crate::message) struct Unreadable(Box<Cow<'static, str>>);

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

pub(super) type Result<T> = std::result::Result<T, Unreadable>;

#[cold]
fn ended() -> Unreadable {
    Unreadable::custom("there are too few bytes")
}

#[cold]
fn too_large() -> Unreadable {
    Unreadable::custom("a number is too large")
}

#[cold]
fn untold() -> Unreadable {
    Unreadable::custom(
        "its reader wants the bytes to say what they are, which postcard's do not: attributes of serde such as `flatten`, \
         `tag` and `untagged`, and types like `serde_json::Value`, travel by `#[rpc(codec = \"json\")]` only",
    )
}

/// A value's bytes, and what is left of the limits.
pub(in crate::message) struct Reader<'de> {
    pub(super) rest: &'de [u8],
    depth: Depth,
    /// So many more elements may have no bytes.
    pub(super) empty: u32,
}

impl<'de> Reader<'de> {
    pub(in crate::message) fn new(bytes: &'de [u8]) -> Self {
        Self { rest: bytes, depth: Depth::TOP, empty: MAX_EMPTY }
    }

    /// What has not been read.
    pub(in crate::message) fn rest(&self) -> &'de [u8] {
        self.rest
    }

    #[inline]
    fn byte(&mut self) -> Result<u8> {
        let (byte, rest) = self.rest.split_first().ok_or_else(ended)?;
        self.rest = rest;
        Ok(*byte)
    }

    #[inline]
    fn bytes(&mut self, count: usize) -> Result<&'de [u8]> {
        let (bytes, rest) = self.rest.split_at_checked(count).ok_or_else(ended)?;
        self.rest = rest;
        Ok(bytes)
    }

    #[inline]
    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or_else(ended)?;
        self.rest = rest;
        Ok(*bytes)
    }

    /// Seven bits in each byte, the lowest first; the highest bit says that another follows.
    #[inline]
    pub(super) fn varint<const BITS: u32>(&mut self) -> Result<u64> {
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

    fn long_varint(&mut self) -> Result<u128> {
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
    fn length(&mut self) -> Result<usize> {
        usize::try_from(self.varint::<64>()?).map_err(Unreadable::custom)
    }

    #[inline]
    fn text(&mut self) -> Result<&'de str> {
        let length = self.length()?;
        std::str::from_utf8(self.bytes(length)?).map_err(Unreadable::custom)
    }

    /// Reads what is within a level, or two.
    #[inline]
    pub(super) fn within<T>(&mut self, levels: u16, read: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let outside = self.depth;
        self.depth = outside.within(levels).map_err(Unreadable::custom)?;
        let value = read(self);
        self.depth = outside;
        value
    }

    #[inline]
    fn wrapped<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let outside = self.depth;
        self.depth = outside.wrapped().map_err(Unreadable::custom)?;
        let value = read(self);
        self.depth = outside;
        value
    }

    #[inline]
    pub(super) fn elements<V: Visitor<'de>>(&mut self, left: usize, levels: u16, visitor: V) -> Result<V::Value> {
        self.within(levels, |reader| visitor.visit_seq(Elements::new(reader, left, false)))
    }
}

/// Zigzag: the numbers near zero have the fewest bytes.
#[inline]
fn signed(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

macro_rules! number {
    ($($name:ident => $visit:ident, $bits:literal, $t:ty;)*) => {$(
        #[inline]
        fn $name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            visitor.$visit(self.varint::<$bits>()? as $t)
        }
    )*};
}

macro_rules! signed_number {
    ($($name:ident => $visit:ident, $bits:literal, $t:ty;)*) => {$(
        #[inline]
        fn $name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            visitor.$visit(signed(self.varint::<$bits>()?) as $t)
        }
    )*};
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = Unreadable;

    number! {
        deserialize_u16 => visit_u16, 16, u16;
        deserialize_u32 => visit_u32, 32, u32;
        deserialize_u64 => visit_u64, 64, u64;
    }
    signed_number! {
        deserialize_i16 => visit_i16, 16, i16;
        deserialize_i32 => visit_i32, 32, i32;
        deserialize_i64 => visit_i64, 64, i64;
    }

    #[inline]
    fn is_human_readable(&self) -> bool {
        false
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value> {
        Err(untold())
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, _: V) -> Result<V::Value> {
        Err(untold())
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value> {
        Err(untold())
    }

    #[inline]
    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.byte()? {
            0 => visitor.visit_bool(false),
            1 => visitor.visit_bool(true),
            other => Err(Unreadable::custom(format_args!("a `bool` is {other}"))),
        }
    }

    #[inline]
    fn deserialize_u8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_u8(self.byte()?)
    }

    #[inline]
    fn deserialize_i8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_i8(self.byte()? as i8)
    }

    fn deserialize_u128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_u128(self.long_varint()?)
    }

    fn deserialize_i128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let value = self.long_varint()?;
        visitor.visit_i128((value >> 1) as i128 ^ -((value & 1) as i128))
    }

    #[inline]
    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_f32(f32::from_le_bytes(self.array()?))
    }

    #[inline]
    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_f64(f64::from_le_bytes(self.array()?))
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let mut chars = self.text()?.chars();
        match (chars.next(), chars.next()) {
            (Some(char), None) => visitor.visit_char(char),
            _ => Err(Unreadable::custom("a `char` is not one")),
        }
    }

    #[inline]
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_borrowed_str(self.text()?)
    }

    #[inline]
    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_str(visitor)
    }

    #[inline]
    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let length = self.length()?;
        visitor.visit_borrowed_bytes(self.bytes(length)?)
    }

    #[inline]
    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_bytes(visitor)
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.byte()? {
            0 => visitor.visit_none(),
            1 => self.wrapped(|reader| visitor.visit_some(reader)),
            other => Err(Unreadable::custom(format_args!("an `Option` begins with {other}"))),
        }
    }

    #[inline]
    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_unit()
    }

    #[inline]
    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value> {
        visitor.visit_unit()
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value> {
        self.wrapped(|reader| visitor.visit_newtype_struct(reader))
    }

    #[inline]
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let left = self.length()?;
        self.within(1, |reader| visitor.visit_seq(Elements::new(reader, left, true)))
    }

    #[inline]
    fn deserialize_tuple<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value> {
        self.elements(length, 1, visitor)
    }

    #[inline]
    fn deserialize_tuple_struct<V: Visitor<'de>>(self, _: &'static str, length: usize, visitor: V) -> Result<V::Value> {
        self.elements(length, 1, visitor)
    }

    #[inline]
    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let left = self.length()?;
        self.within(1, |reader| visitor.visit_map(Elements::new(reader, left, true)))
    }

    #[inline]
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        self.elements(fields.len(), 1, visitor)
    }

    #[inline]
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        visitor.visit_enum(self)
    }
}
