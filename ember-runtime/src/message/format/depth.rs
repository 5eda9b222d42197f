//! How deep a value may be nested: what is written is counted here, whatever the format. Without a limit a value of a recursive
//! type, nested thousands deep, would overflow the stack of whoever writes, reads or drops it, and so end the process.

use std::fmt::{self, Display};

use serde::{
    Serialize, Serializer,
    ser::{
        Error, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
        SerializeTupleStruct, SerializeTupleVariant,
    },
};

/// A value that travels is nested less deep than this: structs, enums with fields, tuples, sequences and maps count. The
/// reader of `serde_json` has the same limit.
pub(super) const MAX_DEPTH: u16 = 128;

/// `Some(…)` and structs of one field without a name have no bytes of their own in JSON, and do not count as a level; but a
/// type may be recursive by these alone. So many may be within each other.
pub(super) const MAX_WRAPPERS: u16 = 2 * MAX_DEPTH;

/// Why a value that is nested deeper is neither written nor read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TooDeep {
    /// It has too many levels.
    Levels,
    /// It has too many wrappers within each other.
    Wrappers,
}

impl fmt::Display for TooDeep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Levels => write!(f, "it is nested {MAX_DEPTH} levels deep or deeper")?,
            Self::Wrappers => {
                write!(f, "more than {MAX_WRAPPERS} `Some` and structs of one unnamed field are around a part of it")?
            }
        }
        f.write_str(
            ", which is more than what may travel: send it flat, such as a list whose elements name each other by index",
        )
    }
}

/// Where in a value one is.
#[derive(Clone, Copy)]
pub(crate) struct Depth {
    levels: u16,
    wrappers: u16,
}

impl Depth {
    /// At the value itself.
    pub(super) const TOP: Self = Self { levels: MAX_DEPTH - 1, wrappers: MAX_WRAPPERS };

    /// Within so many levels more, unless that is too deep.
    #[inline]
    pub(super) fn within(self, levels: u16) -> Result<Self, TooDeep> {
        Ok(Self { levels: self.levels.checked_sub(levels).ok_or(TooDeep::Levels)?, ..self })
    }

    /// Within a wrapper.
    #[inline]
    pub(super) fn wrapped(self) -> Result<Self, TooDeep> {
        Ok(Self { wrappers: self.wrappers.checked_sub(1).ok_or(TooDeep::Wrappers)?, ..self })
    }
}

/// Writes a value by `S`, unless it is nested too deep.
pub(crate) fn limited<T: Serialize + ?Sized, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    value.serialize(Limited { inner: serializer, depth: Depth::TOP })
}

struct Limited<S> {
    inner: S,
    depth: Depth,
}

/// A part of a value.
struct Part<'a, T: ?Sized> {
    value: &'a T,
    depth: Depth,
}

impl<T: Serialize + ?Sized> Serialize for Part<'_, T> {
    #[inline]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(Limited { inner: serializer, depth: self.depth })
    }
}

impl<S: Serializer> Limited<S> {
    #[inline]
    fn within(&self, levels: u16) -> Result<Depth, S::Error> {
        self.depth.within(levels).map_err(S::Error::custom)
    }

    #[inline]
    fn wrapped<'a, T: ?Sized>(&self, value: &'a T) -> Result<Part<'a, T>, S::Error> {
        let depth = self.depth.wrapped().map_err(S::Error::custom)?;
        Ok(Part { value, depth })
    }
}

macro_rules! plain {
    ($($name:ident($t:ty))*) => {$(
        #[inline]
        fn $name(self, value: $t) -> Result<S::Ok, S::Error> {
            self.inner.$name(value)
        }
    )*};
}

impl<S: Serializer> Serializer for Limited<S> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = Limited<S::SerializeSeq>;
    type SerializeTuple = Limited<S::SerializeTuple>;
    type SerializeTupleStruct = Limited<S::SerializeTupleStruct>;
    type SerializeTupleVariant = Limited<S::SerializeTupleVariant>;
    type SerializeMap = Limited<S::SerializeMap>;
    type SerializeStruct = Limited<S::SerializeStruct>;
    type SerializeStructVariant = Limited<S::SerializeStructVariant>;

    plain! {
        serialize_bool(bool) serialize_i8(i8) serialize_i16(i16) serialize_i32(i32) serialize_i64(i64) serialize_i128(i128)
        serialize_u8(u8) serialize_u16(u16) serialize_u32(u32) serialize_u64(u64) serialize_u128(u128) serialize_f32(f32)
        serialize_f64(f64) serialize_char(char) serialize_str(&str) serialize_bytes(&[u8]) serialize_unit_struct(&'static str)
    }

    #[inline]
    fn serialize_none(self) -> Result<S::Ok, S::Error> {
        self.inner.serialize_none()
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        let value = self.wrapped(value)?;
        self.inner.serialize_some(&value)
    }

    #[inline]
    fn serialize_unit(self) -> Result<S::Ok, S::Error> {
        self.inner.serialize_unit()
    }

    #[inline]
    fn serialize_unit_variant(self, name: &'static str, index: u32, variant: &'static str) -> Result<S::Ok, S::Error> {
        self.inner.serialize_unit_variant(name, index, variant)
    }

    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Result<S::Ok, S::Error> {
        let value = self.wrapped(value)?;
        self.inner.serialize_newtype_struct(name, &value)
    }

    #[inline]
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        let value = Part { value, depth: self.within(1)? };
        self.inner.serialize_newtype_variant(name, index, variant, &value)
    }

    #[inline]
    fn serialize_seq(self, len: Option<usize>) -> Result<Self::SerializeSeq, S::Error> {
        Ok(Limited { depth: self.within(1)?, inner: self.inner.serialize_seq(len)? })
    }

    #[inline]
    fn serialize_tuple(self, len: usize) -> Result<Self::SerializeTuple, S::Error> {
        Ok(Limited { depth: self.within(1)?, inner: self.inner.serialize_tuple(len)? })
    }

    #[inline]
    fn serialize_tuple_struct(self, name: &'static str, len: usize) -> Result<Self::SerializeTupleStruct, S::Error> {
        Ok(Limited { depth: self.within(1)?, inner: self.inner.serialize_tuple_struct(name, len)? })
    }

    // In JSON these two are one level for the variant, and one for its fields.
    #[inline]
    fn serialize_tuple_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Self::SerializeTupleVariant, S::Error> {
        Ok(Limited { depth: self.within(2)?, inner: self.inner.serialize_tuple_variant(name, index, variant, len)? })
    }

    #[inline]
    fn serialize_struct_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Self::SerializeStructVariant, S::Error> {
        Ok(Limited { depth: self.within(2)?, inner: self.inner.serialize_struct_variant(name, index, variant, len)? })
    }

    #[inline]
    fn serialize_map(self, len: Option<usize>) -> Result<Self::SerializeMap, S::Error> {
        Ok(Limited { depth: self.within(1)?, inner: self.inner.serialize_map(len)? })
    }

    #[inline]
    fn serialize_struct(self, name: &'static str, len: usize) -> Result<Self::SerializeStruct, S::Error> {
        Ok(Limited { depth: self.within(1)?, inner: self.inner.serialize_struct(name, len)? })
    }

    #[inline]
    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.inner.collect_str(value)
    }

    #[inline]
    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

macro_rules! sequence {
    ($($trait:ident::$element:ident)*) => {$(
        impl<S: $trait> $trait for Limited<S> {
            type Ok = S::Ok;
            type Error = S::Error;

            #[inline]
            fn $element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), S::Error> {
                self.inner.$element(&Part { value, depth: self.depth })
            }

            #[inline]
            fn end(self) -> Result<S::Ok, S::Error> {
                self.inner.end()
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
        impl<S: $trait> $trait for Limited<S> {
            type Ok = S::Ok;
            type Error = S::Error;

            #[inline]
            fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), S::Error> {
                self.inner.serialize_field(key, &Part { value, depth: self.depth })
            }

            #[inline]
            fn skip_field(&mut self, key: &'static str) -> Result<(), S::Error> {
                self.inner.skip_field(key)
            }

            #[inline]
            fn end(self) -> Result<S::Ok, S::Error> {
                self.inner.end()
            }
        }
    )*};
}
structure!(SerializeStruct SerializeStructVariant);

impl<S: SerializeMap> SerializeMap for Limited<S> {
    type Ok = S::Ok;
    type Error = S::Error;

    #[inline]
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), S::Error> {
        self.inner.serialize_key(&Part { value: key, depth: self.depth })
    }

    #[inline]
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), S::Error> {
        self.inner.serialize_value(&Part { value, depth: self.depth })
    }

    #[inline]
    fn serialize_entry<K: Serialize + ?Sized, V: Serialize + ?Sized>(
        &mut self,
        key: &K,
        value: &V,
    ) -> Result<(), S::Error> {
        let depth = self.depth;
        self.inner.serialize_entry(&Part { value: key, depth }, &Part { value, depth })
    }

    #[inline]
    fn end(self) -> Result<S::Ok, S::Error> {
        self.inner.end()
    }
}
