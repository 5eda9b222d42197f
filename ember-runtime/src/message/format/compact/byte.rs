//! Finds out that the elements of a sequence are bytes, which can be written many at a time.

use std::{any::type_name, fmt};

use serde::{
    Serialize, Serializer,
    ser::{Error, Impossible},
};

/// Whether elements of this type are bytes, as far as its name says: whoever goes by that has each of them say so by [`Byte`]. (It may be
/// borrowed, so that it has no id to compare.) Where it is compiled in, this is a constant.
#[inline]
pub(crate) fn are_bytes<T>() -> bool {
    matches!(type_name::<T>(), "&u8" | "u8")
}

/// Takes a byte, and refuses all else before it has run any of it.
pub(crate) struct Byte;

/// It is no byte.
#[derive(Debug)]
pub(crate) struct NoByte;

impl fmt::Display for NoByte {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it is no byte")
    }
}

impl std::error::Error for NoByte {}

impl Error for NoByte {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

type Parts = Impossible<u8, NoByte>;
type Result<T> = std::result::Result<T, NoByte>;
type Name = &'static str;

macro_rules! refuse {
    ($($name:ident($($t:ty),*) -> $of:ty;)*) => {$(
        fn $name(self, $(_: $t),*) -> Result<$of> {
            Err(NoByte)
        }
    )*};
}

impl Serializer for Byte {
    type Ok = u8;
    type Error = NoByte;
    type SerializeSeq = Parts;
    type SerializeTuple = Parts;
    type SerializeTupleStruct = Parts;
    type SerializeTupleVariant = Parts;
    type SerializeMap = Parts;
    type SerializeStruct = Parts;
    type SerializeStructVariant = Parts;

    #[inline]
    fn serialize_u8(self, value: u8) -> Result<u8> {
        Ok(value)
    }

    refuse! {
        serialize_bool(bool) -> u8;
        serialize_i8(i8) -> u8;
        serialize_i16(i16) -> u8;
        serialize_i32(i32) -> u8;
        serialize_i64(i64) -> u8;
        serialize_u16(u16) -> u8;
        serialize_u32(u32) -> u8;
        serialize_u64(u64) -> u8;
        serialize_f32(f32) -> u8;
        serialize_f64(f64) -> u8;
        serialize_char(char) -> u8;
        serialize_str(&str) -> u8;
        serialize_bytes(&[u8]) -> u8;
        serialize_none() -> u8;
        serialize_unit() -> u8;
        serialize_unit_struct(Name) -> u8;
        serialize_unit_variant(Name, u32, Name) -> u8;
        serialize_seq(Option<usize>) -> Parts;
        serialize_tuple(usize) -> Parts;
        serialize_tuple_struct(Name, usize) -> Parts;
        serialize_tuple_variant(Name, u32, Name, usize) -> Parts;
        serialize_map(Option<usize>) -> Parts;
        serialize_struct(Name, usize) -> Parts;
        serialize_struct_variant(Name, u32, Name, usize) -> Parts;
    }

    fn serialize_some<T: Serialize + ?Sized>(self, _: &T) -> Result<u8> {
        Err(NoByte)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: Name, _: &T) -> Result<u8> {
        Err(NoByte)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(self, _: Name, _: u32, _: Name, _: &T) -> Result<u8> {
        Err(NoByte)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;
    use crate::message::{append, decode, encode};

    #[test]
    fn bytes_are_written_as_ever_however_many_there_are() {
        assert!(are_bytes::<&u8>() && !are_bytes::<&u16>() && !are_bytes::<&i8>());
        for length in [0, 1, 127, 128, 511, 512, 513, 5_000] {
            let bytes: Vec<u8> = (0..length).map(|at| at as u8).collect();
            let all = (bytes.clone(), VecDeque::from(bytes.clone()), bytes.clone().into_boxed_slice());
            let mut out = vec![9];
            append(&all, &mut out).unwrap();
            assert_eq!(out[1..], postcard::to_stdvec(&all).unwrap(), "{length}");
            let mut out = Vec::new();
            encode(&bytes, &mut out).unwrap();
            assert_eq!(decode::<Vec<u8>>(&out).unwrap(), bytes);
        }
    }

    #[test]
    fn who_is_called_like_a_byte_and_is_none_is_written_as_what_it_is() {
        let mut out = Vec::new();
        let mut writer = crate::message::format::compact::Writer::new(&mut out);
        let mut all = [3_u32, 300, 3].into_iter();
        let mut within = super::super::within::Within::new(&mut writer, 1).unwrap();
        within.bytes(&mut all).unwrap();
        all.try_for_each(|one| within.put(&one)).unwrap();
        assert_eq!(out, [3, 0xac, 2, 3]);
    }
}
