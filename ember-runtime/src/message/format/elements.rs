//! Reads what has parts: sequences, tuples, structs, maps and the variants of enums.

use serde::de::{
    DeserializeSeed, EnumAccess, Error as _, IntoDeserializer, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use super::reader::{Reader, Result, Unreadable};

/// Elements of sequences and maps that take no bytes, such as those of a `Vec<()>`: no more than these in one value.
pub(super) const MAX_EMPTY: u32 = 65_536;

/// What is left of a sequence, tuple, struct or map.
pub(super) struct Elements<'a, 'de> {
    reader: &'a mut Reader<'de>,
    left: usize,
    /// Whether the bytes say how many there are, and not the type.
    counted: bool,
}

impl<'a, 'de> Elements<'a, 'de> {
    #[inline]
    pub(super) fn new(reader: &'a mut Reader<'de>, left: usize, counted: bool) -> Self {
        Self { reader, left, counted }
    }

    /// Reads one, `None` if there are no more.
    #[inline]
    fn next<T>(&mut self, read: impl FnOnce(&mut Reader<'de>) -> Result<T>) -> Result<Option<T>> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(None) };
        self.left = left;
        let before = self.reader.rest.len();
        let value = read(self.reader)?;
        if self.counted && self.reader.rest.len() == before {
            let too_many = || Unreadable::custom(format_args!("more than {MAX_EMPTY} elements have no bytes"));
            self.reader.empty = self.reader.empty.checked_sub(1).ok_or_else(too_many)?;
        }
        Ok(Some(value))
    }

    /// Nothing is reserved for more elements than there are bytes.
    #[inline]
    fn hint(&self) -> Option<usize> {
        (self.left <= self.reader.rest.len()).then_some(self.left)
    }
}

impl<'de> SeqAccess<'de> for Elements<'_, 'de> {
    type Error = Unreadable;

    #[inline]
    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>> {
        self.next(|reader| seed.deserialize(reader))
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        self.hint()
    }
}

impl<'de> MapAccess<'de> for Elements<'_, 'de> {
    type Error = Unreadable;

    // Keys that have no bytes are equal: no map has many of them.
    #[inline]
    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>> {
        self.next(|reader| seed.deserialize(reader))
    }

    #[inline]
    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value> {
        seed.deserialize(&mut *self.reader)
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        self.hint()
    }
}

impl<'de> EnumAccess<'de> for &mut Reader<'de> {
    type Error = Unreadable;
    type Variant = Self;

    #[inline]
    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self)> {
        let index = self.varint::<32>()? as u32;
        let variant = seed.deserialize(IntoDeserializer::<Unreadable>::into_deserializer(index))?;
        Ok((variant, self))
    }
}

impl<'de> VariantAccess<'de> for &mut Reader<'de> {
    type Error = Unreadable;

    #[inline]
    fn unit_variant(self) -> Result<()> {
        Ok(())
    }

    #[inline]
    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value> {
        self.within(1, |reader| seed.deserialize(reader))
    }

    #[inline]
    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value> {
        self.elements(length, 2, visitor)
    }

    #[inline]
    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value> {
        self.elements(fields.len(), 2, visitor)
    }
}
