//! How values become bytes: postcard, a compact format with a written specification.

use serde::{Serialize, de::DeserializeOwned};

use super::Method;

/// A value that can travel between nodes: whatever serde can write and read. `#[message]` derives it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot travel between nodes",
    label = "an argument, value or error of an `rpc_` method must be serializable",
    note = "put `#[message]` on `{Self}`, or derive serde's `Serialize` and `Deserialize`; a method that is only called on its own node can be named `api_…` instead"
)]
pub trait Message: Serialize + DeserializeOwned + Send + 'static {}
impl<T: Serialize + DeserializeOwned + Send + 'static> Message for T {}

/// Compiles only if `T` can travel.
pub const fn assert_message<T: Message>() {}

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
    /// Everything in postcard's format.
    pub fn postcard() -> Self
    where
        M::Args: Serialize + DeserializeOwned,
        M::Value: Serialize + DeserializeOwned,
        M::Error: Serialize + DeserializeOwned,
    {
        Self { put_args: put, get_args: get, put_value: put, get_value: get, put_error: put, get_error: get }
    }
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
    let wrong = |why: &str| CodecError(format!("`{}` could not be read: {why}", std::any::type_name::<T>()));
    let (value, rest) = postcard::take_from_bytes(bytes).map_err(|error| wrong(&error.to_string()))?;
    if rest.is_empty() { Ok(value) } else { Err(wrong("there are bytes left over")) }
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
