//! A number for what a type tells a format: two values for which it differs are not the same. Used to see whether a value that
//! was read is the one that was written, for types that cannot be compared.

use std::fmt;

use serde::{
    Serialize, Serializer,
    ser::{
        SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple, SerializeTupleStruct,
        SerializeTupleVariant,
    },
};

use crate::id::fnv1a;

/// The number; `None` if the type refuses to be written. Floating-point numbers are taken for equal: not every format is exact to
/// the last bit. So are sequences and maps of the same elements: some have no order.
pub(super) fn digest<T: Serialize + ?Sized>(value: &T, is_human_readable: bool) -> Option<u64> {
    value.serialize(Digest { is_human_readable }).ok()
}

#[derive(Clone, Copy)]
struct Digest {
    is_human_readable: bool,
}

/// It would not have been written at all.
#[derive(Debug)]
struct Refused;

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("refused")
    }
}

impl std::error::Error for Refused {}

impl serde::ser::Error for Refused {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

/// Depends on the order.
fn mix(hash: u64, part: u64) -> u64 {
    (hash.rotate_left(23) ^ part).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Of a whole whose parts are mixed in.
struct Parts {
    digest: Digest,
    hash: u64,
    /// Whether the order of the parts counts.
    ordered: bool,
    /// Of the key whose value comes next.
    key: u64,
}

impl Parts {
    fn add<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), Refused> {
        let part = mix(fnv1a(name), value.serialize(self.digest)?);
        self.hash = if self.ordered { mix(self.hash, part) } else { self.hash.wrapping_add(mix(part, 1)) };
        Ok(())
    }
}

impl Digest {
    fn parts(self, kind: u64, ordered: bool) -> Result<Parts, Refused> {
        Ok(Parts { digest: self, hash: mix(7, kind), ordered, key: 0 })
    }

    fn whole<T: Serialize + ?Sized>(self, kind: u64, value: &T) -> Result<u64, Refused> {
        Ok(mix(kind, value.serialize(self)?))
    }
}

macro_rules! leaf {
    ($($name:ident($t:ty) = |$value:ident| $code:expr;)*) => {$(
        fn $name(self, $value: $t) -> Result<u64, Refused> {
            Ok(mix(3, $code))
        }
    )*};
}

impl Serializer for Digest {
    type Ok = u64;
    type Error = Refused;
    type SerializeSeq = Parts;
    type SerializeTuple = Parts;
    type SerializeTupleStruct = Parts;
    type SerializeTupleVariant = Parts;
    type SerializeMap = Parts;
    type SerializeStruct = Parts;
    type SerializeStructVariant = Parts;

    leaf! {
        serialize_bool(bool) = |value| value.into();
        serialize_u8(u8) = |value| value.into();
        serialize_u16(u16) = |value| value.into();
        serialize_u32(u32) = |value| value.into();
        serialize_u64(u64) = |value| value;
        serialize_u128(u128) = |value| value as u64 ^ (value >> 64) as u64;
        serialize_i8(i8) = |value| value as u64;
        serialize_i16(i16) = |value| value as u64;
        serialize_i32(i32) = |value| value as u64;
        serialize_i64(i64) = |value| value as u64;
        serialize_i128(i128) = |value| value as u64 ^ (value >> 64) as u64;
        serialize_f32(f32) = |_value| 1;
        serialize_f64(f64) = |_value| 1;
        serialize_char(char) = |value| value.into();
        serialize_str(&str) = |value| fnv1a(value);
        serialize_bytes(&[u8]) = |value| value.iter().fold(5, |hash, byte| mix(hash, (*byte).into()));
        serialize_unit_struct(&'static str) = |_name| 2;
    }

    fn is_human_readable(&self) -> bool {
        self.is_human_readable
    }

    fn serialize_none(self) -> Result<u64, Refused> {
        Ok(11)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<u64, Refused> {
        self.whole(13, value)
    }

    fn serialize_unit(self) -> Result<u64, Refused> {
        Ok(17)
    }

    fn serialize_unit_variant(self, _: &'static str, index: u32, _: &'static str) -> Result<u64, Refused> {
        Ok(mix(19, index.into()))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<u64, Refused> {
        self.whole(23, value)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        index: u32,
        _: &'static str,
        value: &T,
    ) -> Result<u64, Refused> {
        self.whole(mix(29, index.into()), value)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Parts, Refused> {
        self.parts(31, false)
    }

    fn serialize_tuple(self, _: usize) -> Result<Parts, Refused> {
        self.parts(37, true)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Parts, Refused> {
        self.parts(41, true)
    }

    fn serialize_tuple_variant(self, _: &'static str, index: u32, _: &'static str, _: usize) -> Result<Parts, Refused> {
        self.parts(mix(43, index.into()), true)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Parts, Refused> {
        self.parts(47, false)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Parts, Refused> {
        self.parts(53, true)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        index: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Parts, Refused> {
        self.parts(mix(59, index.into()), true)
    }
}

macro_rules! sequence {
    ($($trait:ident::$element:ident)*) => {$(
        impl $trait for Parts {
            type Ok = u64;
            type Error = Refused;

            fn $element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refused> {
                self.add("", value)
            }

            fn end(self) -> Result<u64, Refused> {
                Ok(self.hash)
            }
        }
    )*};
}
sequence! {
    SerializeSeq::serialize_element SerializeTuple::serialize_element SerializeTupleStruct::serialize_field
    SerializeTupleVariant::serialize_field
}

macro_rules! structure {
    ($($trait:ident)*) => {$(
        impl $trait for Parts {
            type Ok = u64;
            type Error = Refused;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Refused> {
                self.add(key, value)
            }

            fn end(self) -> Result<u64, Refused> {
                Ok(self.hash)
            }
        }
    )*};
}
structure!(SerializeStruct SerializeStructVariant);

impl SerializeMap for Parts {
    type Ok = u64;
    type Error = Refused;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Refused> {
        self.key = key.serialize(self.digest)?;
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refused> {
        let entry = mix(self.key, value.serialize(self.digest)?);
        self.hash = self.hash.wrapping_add(mix(entry, 1));
        Ok(())
    }

    fn end(self) -> Result<u64, Refused> {
        Ok(self.hash)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn different_values_differ_and_those_without_order_do_not() {
        let of = |value: &dyn Fn() -> Option<u64>| value().expect("a digest");
        assert_ne!(of(&|| digest(&Some(1_u8), false)), of(&|| digest(&None::<u8>, false)));
        assert_ne!(of(&|| digest(&(1, 2), false)), of(&|| digest(&(2, 1), false)));
        assert_ne!(of(&|| digest(&vec![1, 2], false)), of(&|| digest(&vec![1, 3], false)));
        assert_ne!(of(&|| digest(&Ok::<u8, u8>(1), false)), of(&|| digest(&Err::<u8, u8>(1), false)));
        let set: HashSet<u32> = (0..100).collect();
        let again: HashSet<u32> = (0..100).rev().collect();
        assert_eq!(digest(&set, false), digest(&again, false));
    }
}
