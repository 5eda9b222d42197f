//! How one value becomes bytes: the trait that users implement, and the formats that are built in.

use std::{fmt, io};

use serde::{Serialize, de::DeserializeOwned};

use super::{format, room};

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

/// Stands where a field cannot travel, in code that the compiler refuses for just that.
pub fn never_read<T>() -> T {
    unreachable!("a type with such a field does not compile")
}

/// A format of one's own: `#[rpc(codec = MyCodec)]` on a method lets it write and read each argument, the value and the
/// error of that method.
///
/// The runtime remembers how many bytes were written, so a format need not know where a value ends.
#[diagnostic::on_unimplemented(
    message = "the codec `{Self}` cannot write and read `{T}`",
    label = "this codec does not know the type `{T}`",
    note = "implement `ember::Codec<{T}>` for `{Self}`"
)]
pub trait Codec<T>: 'static {
    /// Its name, part of the fingerprint of each method that uses it: two sides with different codecs refuse each other.
    const NAME: &'static str;

    /// Whether readers understand values of a type that has gained or lost fields since. Then a type counts by its name in
    /// the fingerprint of a method, not by its structure. `false` by default: any difference is a mismatch.
    const BRIDGES: bool = false;

    /// Appends `value` to `out`, which is empty and this value's alone: whatever is done to it, nothing else is harmed. What was
    /// appended before an error is forgotten. The built-in formats stop where a message over the size limit is certain; what a
    /// format of one's own appends is measured afterwards.
    ///
    /// # Errors
    /// If the value cannot be written. A panic is such an error, for this call alone; it names the codec and the type.
    fn encode(value: &T, out: &mut Vec<u8>) -> Result<(), CodecError>;

    /// Reads a value that fills `bytes` exactly.
    ///
    /// # Errors
    /// If it cannot be read; a panic is such an error.
    fn decode(bytes: &[u8]) -> Result<T, CodecError>;

    /// Whether `value` would arrive as what it is. Asked before a call in debug builds and in simulations, so that what never
    /// arrives is found where it is sent, also on one node. By default nothing is checked.
    ///
    /// # Errors
    /// If it would not, which refuses the call.
    fn check(value: &T) -> Result<(), CodecError> {
        let _ = value;
        Ok(())
    }
}

/// Bytes that could not be read, or a value that could not be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CodecError(String);

impl CodecError {
    /// An error with this text.
    pub fn new(text: impl fmt::Display) -> Self {
        Self(text.to_string())
    }

    pub(super) fn unreadable<T>(why: impl fmt::Display) -> Self {
        Self(format!("`{}` could not be read: {why}", std::any::type_name::<T>()))
    }

    pub(super) fn unwritable<T>(why: impl fmt::Display) -> Self {
        let why = why.to_string();
        // What serde says of a variant that is left out does not say why.
        let hint = if why.contains("the enum variant ") && why.contains(" cannot be serialized") {
            ": `#[serde(skip)]` or `#[serde(skip_serializing)]` on it says that it does not travel"
        } else {
            ""
        };
        Self(format!("`{}` could not be written: {why}{hint}", std::any::type_name::<T>()))
    }
}

/// JSON, by `#[rpc(codec = "json")]`: larger and slower than the default, and readable.
///
/// It bridges added and removed fields by the rules of serde: unknown fields are ignored, missing ones need
/// `#[serde(default)]` or an `Option`. So types count by their names in fingerprints. A difference that it cannot bridge
/// shows when the bytes are read: as `NotExecuted(Undecodable)` for arguments.
#[derive(Debug, Clone, Copy)]
pub struct Json;

impl<T: Message> Codec<T> for Json {
    const NAME: &'static str = "json";
    const BRIDGES: bool = true;

    fn encode(value: &T, out: &mut Vec<u8>) -> Result<(), CodecError> {
        write_json(value, out).map_err(CodecError::unwritable::<T>)
    }

    fn decode(bytes: &[u8]) -> Result<T, CodecError> {
        serde_json::from_slice(bytes).map_err(CodecError::unreadable::<T>)
    }

    fn check(value: &T) -> Result<(), CodecError> {
        format::by_json(value)
    }
}

/// Appends `value` as JSON; on an error a part of it may be there.
pub(super) fn write_json<T: Serialize>(value: &T, out: &mut Vec<u8>) -> serde_json::Result<()> {
    format::limited(value, &mut serde_json::Serializer::new(Bounded(out)))
}

/// The end of a buffer that is not to grow over the limit of a message.
struct Bounded<'a>(&'a mut Vec<u8>);

impl io::Write for Bounded<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes).map(|()| bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        room::extend(self.0, bytes).map_err(io::Error::other)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Protocol buffers, for types that have `prost::Message`. Unknown fields are ignored, missing ones have their defaults: a
/// type counts by its name.
#[cfg(feature = "prost")]
#[derive(Debug, Clone, Copy)]
pub struct Prost;

#[cfg(feature = "prost")]
impl<T: prost::Message + Default + 'static> Codec<T> for Prost {
    const NAME: &'static str = "prost";
    const BRIDGES: bool = true;

    fn encode(value: &T, out: &mut Vec<u8>) -> Result<(), CodecError> {
        let size = value.encoded_len();
        if out.capacity() - out.len() < size {
            room::reserve(out, size).map_err(CodecError::unwritable::<T>)?;
        }
        value.encode(out).map_err(CodecError::unwritable::<T>)
    }

    fn decode(bytes: &[u8]) -> Result<T, CodecError> {
        T::decode(bytes).map_err(CodecError::unreadable::<T>)
    }
}
