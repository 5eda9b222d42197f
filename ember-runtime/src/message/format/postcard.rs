//! Postcard: a compact format with a written specification, which cannot bridge any difference of structure.

use serde::{
    Serialize,
    de::{DeserializeOwned, DeserializeSeed},
};

use super::error::CodecError;
use crate::message::format::compact::{Reader, Unreadable, Unwritable, Writer};

/// Appends `value` as postcard; on an error a part of it may be there.
pub(crate) fn append<T: Serialize>(value: &T, out: &mut Vec<u8>) -> Result<(), Unwritable> {
    value.serialize(&mut Writer::new(out))
}

/// The same with the error of a codec.
pub(crate) fn write<T: Serialize>(value: &T, out: &mut Vec<u8>) -> Result<(), CodecError> {
    append(value, out).map_err(CodecError::unwritable::<T>)
}

/// Reads what `seed` wants from the front of `bytes`.
pub(crate) fn read_by<'de, S: DeserializeSeed<'de>>(seed: S, bytes: &mut &'de [u8]) -> Result<S::Value, Unreadable> {
    let mut reader = Reader::new(bytes);
    let value = seed.deserialize(&mut reader)?;
    *bytes = reader.rest();
    Ok(value)
}

/// Reads a value from the front of `bytes`.
pub(crate) fn read<T: DeserializeOwned>(bytes: &mut &[u8]) -> Result<T, CodecError> {
    let mut reader = Reader::new(bytes);
    let value = T::deserialize(&mut reader).map_err(CodecError::unreadable::<T>)?;
    *bytes = reader.rest();
    Ok(value)
}
