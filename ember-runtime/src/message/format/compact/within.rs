//! Writes what has parts: sequences, tuples, structs and maps.

use serde::{
    Serialize,
    ser::{
        SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple, SerializeTupleStruct,
        SerializeTupleVariant,
    },
};

use super::{
    byte::Byte,
    writer::{Result, Unwritable, Writer},
};
use crate::message::format::depth::Depth;

#[cold]
fn left_out(field: &str) -> Unwritable {
    Unwritable::Format(format!(
        "its field `{field}` is left out by serde's `skip_serializing_if`, and what follows would be read in its place: take \
         that attribute off, or let it travel by `#[rpc(codec = \"json\")]`"
    ))
}

/// Within a level.
pub(crate) struct Within<'w, 'a> {
    writer: &'w mut Writer<'a>,
    outside: Depth,
}

impl<'w, 'a> Within<'w, 'a> {
    #[inline]
    pub(crate) fn new(writer: &'w mut Writer<'a>, levels: u16) -> Result<Self> {
        let outside = writer.depth;
        writer.depth = outside.within(levels).map_err(Unwritable::TooDeep)?;
        Ok(Self { writer, outside })
    }

    #[inline]
    pub(crate) fn put<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        value.serialize(&mut *self.writer)
    }

    /// Puts all of these, many at a time, as long as they are bytes.
    #[inline]
    pub(crate) fn bytes<T: Serialize>(&mut self, all: &mut impl Iterator<Item = T>) -> Result<()> {
        let mut some = [0; 512];
        loop {
            let mut count = 0;
            for (place, one) in some.iter_mut().zip(&mut *all) {
                let Ok(byte) = one.serialize(Byte) else {
                    self.writer.extend(&some[..count])?;
                    return self.put(&one);
                };
                *place = byte;
                count += 1;
            }
            self.writer.extend(&some[..count])?;
            if count < some.len() {
                return Ok(());
            }
        }
    }

    #[inline]
    pub(crate) fn leave(self) {
        self.writer.depth = self.outside;
    }
}

macro_rules! sequence {
    ($($trait:ident::$element:ident)*) => {$(
        impl $trait for Within<'_, '_> {
            type Ok = ();
            type Error = Unwritable;

            #[inline]
            fn $element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
                self.put(value)
            }

            #[inline]
            fn end(self) -> Result<()> {
                self.leave();
                Ok(())
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
        impl $trait for Within<'_, '_> {
            type Ok = ();
            type Error = Unwritable;

            #[inline]
            fn serialize_field<T: Serialize + ?Sized>(&mut self, _: &'static str, value: &T) -> Result<()> {
                self.put(value)
            }

            fn skip_field(&mut self, field: &'static str) -> Result<()> {
                Err(left_out(field))
            }

            #[inline]
            fn end(self) -> Result<()> {
                self.leave();
                Ok(())
            }
        }
    )*};
}
structure!(SerializeStruct SerializeStructVariant);

impl SerializeMap for Within<'_, '_> {
    type Ok = ();
    type Error = Unwritable;

    #[inline]
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<()> {
        self.put(key)
    }

    #[inline]
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.put(value)
    }

    #[inline]
    fn end(self) -> Result<()> {
        self.leave();
        Ok(())
    }
}
