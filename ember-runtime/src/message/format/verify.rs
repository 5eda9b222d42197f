//! Whether a value arrives as what it is. The compiler sees to it where a type has its structure from `#[message]`; of others
//! nothing is known but that serde can write and read them, and serde's attributes can make that two different things. So in debug
//! builds and in simulations each such value is read back at the sender. In release builds that costs nothing.
//!
//! It runs code of the user's: call it where nothing is locked.

use std::{
    any::type_name,
    cell::Cell,
    fmt, mem,
    panic::{AssertUnwindSafe, catch_unwind},
};

use super::{digest::digest, reader::Reader, writer::Unwritable};
use crate::message::{CodecError, Message, append, codec::write_json, put_within, room::Unwritten};

/// Whether values are checked in this build. The feature `testing` is for simulations, which may run in release builds too.
pub(crate) const CHECKED: bool = cfg!(any(debug_assertions, feature = "testing"));

/// Larger values are not checked, in bytes: what is wrong with a type mostly shows in a small one.
const MAX_SIZE: usize = 64 * 1024;

thread_local! {
    static CHECKING: Cell<bool> = const { Cell::new(false) };
}

/// Whether what is written is only to be checked.
pub(in crate::message) fn is_under_way() -> bool {
    CHECKED && CHECKING.get()
}

/// Has each value that `put` writes checked instead. Where that panics, whoever reads the value elsewhere will say so.
pub(in crate::message) fn check(put: impl FnOnce() -> Result<(), CodecError>) -> Result<(), CodecError> {
    struct Over;
    impl Drop for Over {
        fn drop(&mut self) {
            CHECKING.set(false);
        }
    }
    CHECKING.set(true);
    let _over = Over;
    caught(put)
}

fn caught(check: impl FnOnce() -> Result<(), CodecError>) -> Result<(), CodecError> {
    // What was thrown may panic when it is dropped.
    catch_unwind(AssertUnwindSafe(check)).unwrap_or_else(|thrown| {
        mem::forget(thrown);
        Ok(())
    })
}

/// Checks the key of a module.
pub(crate) fn key<K: Message>(key: &K) -> Result<(), CodecError> {
    if CHECKED { caught(|| by_postcard(key)) } else { Ok(()) }
}

/// Reads back what is written as postcard.
pub(in crate::message) fn by_postcard<T: Message>(value: &T) -> Result<(), CodecError> {
    let put = |out: &mut Vec<u8>| {
        append(value, out).map_err(|why| (matches!(why, Unwritable::Format(_)), CodecError::unwritable::<T>(why)))
    };
    let Some(bytes) = written(put)? else { return Ok(()) };
    let mut reader = Reader::new(&bytes);
    match T::deserialize(&mut reader) {
        Ok(read) if reader.rest().is_empty() => compare(value, &read, false),
        Ok(_) => Err(changed::<T>("some of its bytes were not read")),
        Err(why) => Err(changed::<T>(why)),
    }
}

/// Reads back what is written as JSON.
pub(in crate::message) fn by_json<T: Message>(value: &T) -> Result<(), CodecError> {
    let put =
        |out: &mut Vec<u8>| write_json(value, out).map_err(|why| (why.is_syntax(), CodecError::unwritable::<T>(why)));
    let Some(bytes) = written(put)? else { return Ok(()) };
    match serde_json::from_slice::<T>(&bytes) {
        Ok(read) => compare(value, &read, true),
        Err(why) => Err(changed::<T>(why)),
    }
}

/// What `put` writes, if it is to be looked at: not what is large, nor what is refused for its value, of which whoever sends it
/// elsewhere is told. An error is one if `put` says `true` with it: that it is the type which cannot be written.
fn written(put: impl Fn(&mut Vec<u8>) -> Result<(), (bool, CodecError)>) -> Result<Option<Vec<u8>>, CodecError> {
    let (mut bytes, mut by_type) = (Vec::new(), false);
    let put = &mut |out: &mut Vec<u8>| {
        put(out).map_err(|(of_type, why)| {
            by_type = of_type;
            why
        })
    };
    match put_within(MAX_SIZE, &mut bytes, put) {
        Ok(()) => Ok(Some(bytes)),
        Err(Unwritten::Refused(why)) if by_type => Err(why),
        Err(Unwritten::Refused(_) | Unwritten::TooLarge | Unwritten::Panicked) => Ok(None),
    }
}

fn compare<T: Message>(sent: &T, read: &T, is_human_readable: bool) -> Result<(), CodecError> {
    let of = |value| digest(value, is_human_readable);
    match (of(sent), of(read)) {
        // What is written otherwise each time, as the time that is left of something, cannot be told apart like this.
        (Some(before), Some(after)) if before != after && of(sent) == Some(before) => {
            Err(changed::<T>("it was read as another value"))
        }
        _ => Ok(()),
    }
}

#[cold]
fn changed<T>(what: impl fmt::Display) -> CodecError {
    CodecError::new(format_args!(
        "`{}` does not arrive as what is sent (read back at the sender, which debug builds and simulations do: {what}). Look \
         at how the type is written and read by serde: attributes such as `skip` on a variant, `skip_serializing`, `tag`, or a \
         `with` of its own. `#[message]` says which of them cannot be carried",
        type_name::<T>()
    ))
}
