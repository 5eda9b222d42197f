//! Writes whatever serde gives.

use std::fmt;

use serde::{Serialize, Serializer, ser::Error as _};

use super::{
    byte::are_bytes,
    within::Within,
    writer::{Result, Unwritable, Writer},
};
use crate::message::format::room;

#[cold]
fn of_unknown_length() -> Unwritable {
    Unwritable::Format(
        "the number of its elements is not known before they are written, as with serde's `flatten`: take that attribute \
         off, or let it travel by `#[rpc(codec = \"json\")]`"
            .into(),
    )
}

macro_rules! number {
    ($($name:ident($t:ty) = |$value:ident| $code:expr;)*) => {$(
        #[inline]
        fn $name(self, $value: $t) -> Result<()> {
            self.varint($code)
        }
    )*};
}

/// Zigzag: the numbers near zero have the fewest bytes.
#[inline]
fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

impl<'w, 'a> Serializer for &'w mut Writer<'a> {
    type Ok = ();
    type Error = Unwritable;
    type SerializeSeq = Within<'w, 'a>;
    type SerializeTuple = Within<'w, 'a>;
    type SerializeTupleStruct = Within<'w, 'a>;
    type SerializeTupleVariant = Within<'w, 'a>;
    type SerializeMap = Within<'w, 'a>;
    type SerializeStruct = Within<'w, 'a>;
    type SerializeStructVariant = Within<'w, 'a>;

    number! {
        serialize_u16(u16) = |value| value.into();
        serialize_u32(u32) = |value| value.into();
        serialize_u64(u64) = |value| value;
        serialize_i16(i16) = |value| zigzag(value.into());
        serialize_i32(i32) = |value| zigzag(value.into());
        serialize_i64(i64) = |value| zigzag(value);
    }

    #[inline]
    fn is_human_readable(&self) -> bool {
        false
    }

    #[inline]
    fn serialize_bool(self, value: bool) -> Result<()> {
        self.push(value.into())
    }

    #[inline]
    fn serialize_u8(self, value: u8) -> Result<()> {
        self.push(value)
    }

    #[inline]
    fn serialize_i8(self, value: i8) -> Result<()> {
        self.push(value as u8)
    }

    fn serialize_u128(self, value: u128) -> Result<()> {
        self.long_varint(value)
    }

    fn serialize_i128(self, value: i128) -> Result<()> {
        self.long_varint(((value << 1) ^ (value >> 127)) as u128)
    }

    #[inline]
    fn serialize_f32(self, value: f32) -> Result<()> {
        self.extend(&value.to_le_bytes())
    }

    #[inline]
    fn serialize_f64(self, value: f64) -> Result<()> {
        self.extend(&value.to_le_bytes())
    }

    fn serialize_char(self, value: char) -> Result<()> {
        self.bytes(value.encode_utf8(&mut [0; 4]).as_bytes())
    }

    #[inline]
    fn serialize_str(self, value: &str) -> Result<()> {
        self.bytes(value.as_bytes())
    }

    #[inline]
    fn serialize_bytes(self, value: &[u8]) -> Result<()> {
        self.bytes(value)
    }

    #[inline]
    fn serialize_none(self) -> Result<()> {
        self.push(0)
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<()> {
        self.push(1)?;
        self.wrapped(value)
    }

    #[inline]
    fn serialize_unit(self) -> Result<()> {
        Ok(())
    }

    #[inline]
    fn serialize_unit_struct(self, _: &'static str) -> Result<()> {
        Ok(())
    }

    #[inline]
    fn serialize_unit_variant(self, _: &'static str, index: u32, _: &'static str) -> Result<()> {
        self.varint(index.into())
    }

    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<()> {
        self.wrapped(value)
    }

    #[inline]
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        index: u32,
        _: &'static str,
        value: &T,
    ) -> Result<()> {
        self.varint(index.into())?;
        let mut within = Within::new(self, 1)?;
        within.put(value)?;
        within.leave();
        Ok(())
    }

    #[inline]
    fn serialize_seq(self, length: Option<usize>) -> Result<Self::SerializeSeq> {
        self.varint(length.ok_or_else(of_unknown_length)? as u64)?;
        Within::new(self, 1)
    }

    #[inline]
    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple> {
        Within::new(self, 1)
    }

    #[inline]
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeTupleStruct> {
        Within::new(self, 1)
    }

    // As in JSON, these two are one level for the variant, and one for its fields.
    #[inline]
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        index: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant> {
        self.varint(index.into())?;
        Within::new(self, 2)
    }

    #[inline]
    fn serialize_map(self, length: Option<usize>) -> Result<Self::SerializeMap> {
        self.varint(length.ok_or_else(of_unknown_length)? as u64)?;
        Within::new(self, 1)
    }

    #[inline]
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeStruct> {
        Within::new(self, 1)
    }

    #[inline]
    fn serialize_struct_variant(
        self,
        _: &'static str,
        index: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant> {
        self.varint(index.into())?;
        Within::new(self, 2)
    }

    /// Bytes are written many at a time: one by one they take ten times as long.
    #[inline]
    fn collect_seq<I: IntoIterator<Item: Serialize>>(self, all: I) -> Result<()> {
        let mut all = all.into_iter();
        let length = match all.size_hint() {
            (least, Some(most)) if least == most => Some(least),
            _ => None,
        };
        let mut within = self.serialize_seq(length)?;
        if are_bytes::<I::Item>() {
            within.bytes(&mut all)?;
        }
        all.try_for_each(|one| within.put(&one))?;
        within.leave();
        Ok(())
    }

    /// The text is as long as it turns out to be: it is moved if its length has more than one byte.
    fn collect_str<T: fmt::Display + ?Sized>(self, value: &T) -> Result<()> {
        let start = self.out.len();
        self.push(0)?;
        fmt::write(&mut Text(self.out), format_args!("{value}")).map_err(Unwritable::custom)?;
        let length = self.out.len() - start - 1;
        if let Ok(length @ ..=0x7f) = u8::try_from(length) {
            self.out[start] = length;
        } else {
            let text = self.out.split_off(start + 1);
            self.out.truncate(start);
            self.bytes(&text)?;
        }
        Ok(())
    }
}

struct Text<'a>(&'a mut Vec<u8>);

impl fmt::Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        room::extend(self.0, text.as_bytes()).map_err(|room::Full| fmt::Error)
    }
}
