//! How one value becomes bytes: the trait that users implement, and the formats that are built in.

#[cfg(feature = "prost")]
use crate::message::format::room;
use crate::message::format::{CodecError, Message, by_json, write_json};

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
        by_json(value)
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
