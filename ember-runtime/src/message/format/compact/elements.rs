//! Reads the parts of what has some: of sequences, tuples, structs and maps.

use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};

use super::reader::{MAX_EMPTY, Reader, Result, Unreadable};

/// What is left of a sequence, tuple, struct or map.
pub(crate) struct Elements<'a, 'de> {
    reader: &'a mut Reader<'de>,
    left: usize,
    /// Whether the bytes say how many there are, and not the type.
    counted: bool,
}

impl<'a, 'de> Elements<'a, 'de> {
    #[inline]
    pub(crate) fn new(reader: &'a mut Reader<'de>, left: usize, counted: bool) -> Self {
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

/// Shows `left` elements to `visitor`, within so many levels.
#[inline]
pub(crate) fn elements<'de, V: Visitor<'de>>(
    reader: &mut Reader<'de>,
    left: usize,
    levels: u16,
    visitor: V,
) -> Result<V::Value> {
    reader.within(levels, |reader| visitor.visit_seq(Elements::new(reader, left, false)))
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
