//! How values become bytes: postcard, a compact format with a written specification.

use std::convert::Infallible;

use serde::{Serialize, de::DeserializeOwned};

use super::Method;

/// A value that can travel between nodes: whatever serde can write and read. `#[message]` derives it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot travel between nodes",
    label = "an argument, value or error of an `rpc_` method must be serializable",
    note = "put `#[message]` on `{Self}`, or derive serde's `Serialize` and `Deserialize`; a method that is only called on its own node can be named `api_…` instead"
)]
pub trait Message: Serialize + DeserializeOwned + Send + 'static {}
// The compiler says that `Message` is missing, once, and not what it would take in serde's terms.
#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + Send + 'static> Message for T {}

/// Bytes that could not be read, or a value that could not be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CodecError(String);

/// How the arguments and the result of a method become bytes.
pub struct Wire<M: Method> {
    pub(crate) put_args: fn(&M::Args, &mut Vec<u8>) -> Result<(), CodecError>,
    pub(crate) get_args: fn(&[u8]) -> Result<M::Args, CodecError>,
    pub(crate) put_value: fn(&M::Value, &mut Vec<u8>) -> Result<(), CodecError>,
    pub(crate) get_value: fn(&[u8]) -> Result<M::Value, CodecError>,
    pub(crate) put_error: fn(&M::Error, &mut Vec<u8>) -> Result<(), CodecError>,
    pub(crate) get_error: fn(&[u8]) -> Result<M::Error, CodecError>,
}

impl<M: Method> std::fmt::Debug for Wire<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Wire({})", M::INFO.name)
    }
}

impl<M: Method> Wire<M> {
    /// The tuple of the arguments as told, the rest by the codecs. The macros give a codec per type, so that the compiler
    /// points at a type that cannot travel.
    pub const fn new(
        put_args: fn(&M::Args, &mut Vec<u8>) -> Result<(), CodecError>,
        get_args: fn(&[u8]) -> Result<M::Args, CodecError>,
        value: Codec<M::Value>,
        error: Codec<M::Error>,
    ) -> Self {
        Self {
            put_args,
            get_args,
            put_value: value.put,
            get_value: value.get,
            put_error: error.put,
            get_error: error.get,
        }
    }
}

/// How values of one type become bytes.
pub struct Codec<T> {
    put: fn(&T, &mut Vec<u8>) -> Result<(), CodecError>,
    get: fn(&[u8]) -> Result<T, CodecError>,
    take: fn(&mut &[u8]) -> Result<T, CodecError>,
}

/// The codec of a type that can travel.
pub const fn codec<T: Message>() -> Codec<T> {
    Codec { put, get, take }
}

/// The codec of an error that cannot happen.
pub const fn no_error() -> Codec<Infallible> {
    const NEVER: &str = "the method has no error, but one came";
    Codec {
        put: |never, _| match *never {},
        get: |_| Err(CodecError(NEVER.into())),
        take: |_| Err(CodecError(NEVER.into())),
    }
}

impl<T> Codec<T> {
    /// Appends `value`. On an error `out` is as before.
    ///
    /// # Errors
    /// If the type refuses to be written.
    pub fn put(&self, value: &T, out: &mut Vec<u8>) -> Result<(), CodecError> {
        (self.put)(value, out)
    }

    /// Reads a value from the front of `bytes`.
    ///
    /// # Errors
    /// If it is not there.
    pub fn take(&self, bytes: &mut &[u8]) -> Result<T, CodecError> {
        (self.take)(bytes)
    }
}

impl<T> std::fmt::Debug for Codec<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Codec({})", std::any::type_name::<T>())
    }
}

/// Writes several values by `put`. On an error `out` is as before.
///
/// # Errors
/// Those of `put`.
pub fn put_all(out: &mut Vec<u8>, put: impl FnOnce(&mut Vec<u8>) -> Result<(), CodecError>) -> Result<(), CodecError> {
    let start = out.len();
    put(out).inspect_err(|_| out.truncate(start))
}

/// Reads several values by `take`, which must leave nothing over.
///
/// # Errors
/// Those of `take`, and bytes left over.
pub fn take_all<T>(mut bytes: &[u8], take: impl FnOnce(&mut &[u8]) -> Result<T, CodecError>) -> Result<T, CodecError> {
    let value = take(&mut bytes)?;
    if bytes.is_empty() { Ok(value) } else { Err(unreadable::<T>("there are bytes left over")) }
}

fn unreadable<T>(why: &str) -> CodecError {
    CodecError(format!("`{}` could not be read: {why}", std::any::type_name::<T>()))
}

/// Appends `value`. On an error `out` is as before.
pub(crate) fn put<T: Serialize>(value: &T, out: &mut Vec<u8>) -> Result<(), CodecError> {
    let start = out.len();
    postcard::to_io(value, &mut *out).map(drop).map_err(|error| {
        out.truncate(start);
        CodecError(format!("`{}` could not be written: {error}", std::any::type_name::<T>()))
    })
}

/// Reads a value that fills `bytes` exactly.
pub(crate) fn get<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
    take_all(bytes, take)
}

/// Reads a value from the front of `bytes`.
pub(super) fn take<T: DeserializeOwned>(bytes: &mut &[u8]) -> Result<T, CodecError> {
    let (value, rest) = postcard::take_from_bytes(bytes).map_err(|error| unreadable::<T>(&error.to_string()))?;
    *bytes = rest;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_round_trip_and_leftovers_are_refused() {
        let mut out = vec![9];
        put(&(1_i64, "a".to_string()), &mut out).unwrap();
        assert_eq!(get::<(i64, String)>(&out[1..]).unwrap(), (1, "a".to_string()));
        out.push(0);
        assert!(get::<(i64, String)>(&out[1..]).unwrap_err().to_string().contains("left over"));
        assert!(get::<(i64, String)>(&[]).is_err());
    }
}
