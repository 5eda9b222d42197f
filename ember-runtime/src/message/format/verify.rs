//! Whether a value arrives as what it is. The compiler sees to it where a type has its structure from `#[message]`; of others
//! nothing is known but that serde can write and read them, and serde's attributes can make that two different things. So in debug
//! builds and in simulations each such value is read back at the sender. In release builds that costs nothing.
//!
//! It runs code of the user's: call it where nothing is locked.

use std::{
    any::{TypeId, type_name},
    cell::Cell,
    collections::BTreeMap,
    fmt,
    sync::Mutex,
    thread,
    time::Duration,
};

use super::{
    digest::digest,
    error::CodecError,
    json::write_json,
    message::Message,
    postcard::append,
    room::{Unwritten, put_within},
};
use crate::{
    message::format::compact::{Reader, Unwritable},
    panics::attempt,
    sync::lock,
};

/// Whether values are checked in this build. The feature `testing` is for simulations, which may run in release builds too.
pub(crate) const CHECKED: bool = cfg!(any(debug_assertions, feature = "testing"));

/// Larger values are not checked, in bytes: what is wrong with a type mostly shows in a small one.
const MAX_SIZE: usize = 64 * 1024;

/// So many milliseconds are a little more than a second.
const SECOND: u32 = 1_050;

thread_local! {
    static CHECKING: Cell<bool> = const { Cell::new(false) };
}

/// Whether what is written is only to be checked.
pub(crate) fn is_under_way() -> bool {
    CHECKED && CHECKING.get()
}

/// Has each value that `put` writes checked instead. Where that panics, whoever reads the value elsewhere will say so.
pub(crate) fn check(put: impl FnOnce() -> Result<(), CodecError>) -> Result<(), CodecError> {
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
    attempt(check).unwrap_or(Ok(()))
}

/// Checks the key of a module.
pub(crate) fn key<K: Message>(key: &K) -> Result<(), CodecError> {
    if CHECKED { caught(|| by_postcard(key)) } else { Ok(()) }
}

/// Reads back what is written as postcard.
pub(crate) fn by_postcard<T: Message>(value: &T) -> Result<(), CodecError> {
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
pub(crate) fn by_json<T: Message>(value: &T) -> Result<(), CodecError> {
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
        (Some(before), Some(after)) if before != after && !is_restless(before, || of(sent), TypeId::of::<T>()) => {
            Err(changed::<T>("it was read as another value"))
        }
        _ => Ok(()),
    }
}

/// Whether a value changes by itself, as the time that is left of something: then it cannot be told by reading it back whether it
/// arrives. Such times are often written in whole units, and rounded down at each writing, so that the value differs after it was read
/// though it does not seem to change: what differs is looked at for a little longer than a second.
///
/// That holds up the thread, once for each type: what was found is remembered. Of a time that is written in whole minutes it is not
/// found out: such a type is refused, and needs a codec of its own.
#[cold]
fn is_restless(before: u64, mut digest: impl FnMut() -> Option<u64>, of: TypeId) -> bool {
    static KNOWN: Mutex<BTreeMap<TypeId, bool>> = Mutex::new(BTreeMap::new());
    let known = || lock(&KNOWN);
    let mut changes = || digest() != Some(before);
    if changes() {
        return true;
    }
    if let Some(is_restless) = known().get(&of) {
        return *is_restless;
    }
    // Time as the type sees it passes, also where that of a simulation stands still.
    let is_restless = (0..SECOND).any(|_| {
        thread::sleep(Duration::from_millis(1));
        changes()
    });
    known().insert(of, is_restless);
    is_restless
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

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use tokio::time::Instant;

    use super::*;

    /// When something ends: what travels is the time that is left, in whole units of so many milliseconds.
    struct Ends<const UNIT: u64>(Instant);

    impl<const UNIT: u64> Serialize for Ends<UNIT> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let left = self.0.saturating_duration_since(Instant::now());
            serializer.serialize_u64(left.as_millis() as u64 / UNIT)
        }
    }

    impl<'de, const UNIT: u64> Deserialize<'de> for Ends<UNIT> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let left = u64::deserialize(deserializer)?;
            Ok(Self(Instant::now() + Duration::from_millis(left * UNIT)))
        }
    }

    /// Loses what is above 9.
    #[derive(Deserialize)]
    struct Lossy(u32);

    impl Serialize for Lossy {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_u32(if self.0 > 9 { self.0 - 9 } else { self.0 })
        }
    }

    #[test]
    fn the_time_that_is_left_arrives_whatever_its_unit() {
        let in_a_while = || Instant::now() + Duration::from_millis(5_500);
        // Five minutes and a half, in minutes.
        let sent = Ends::<60_000>(Instant::now() + Duration::from_secs(330));
        let mut bytes = Vec::new();
        append(&sent, &mut bytes).unwrap();
        let read: Ends<60_000> = crate::message::codecs::decode(&bytes).unwrap();
        let of = |value: &Ends<60_000>| digest(value, false);
        assert!(of(&sent) == of(&sent) && of(&sent) != of(&read), "it seems to stand still, and to be changed");
        for _ in 0..50 {
            by_postcard(&Ends::<1>(in_a_while())).unwrap();
            by_json(&Ends::<1>(in_a_while())).unwrap();
            by_postcard(&Ends::<1000>(in_a_while())).unwrap();
            by_json(&Ends::<1000>(in_a_while())).unwrap();
        }
    }

    #[test]
    fn what_stands_still_and_is_changed_is_refused_each_time() {
        for _ in 0..3 {
            assert_eq!(by_postcard(&Lossy(9)), Ok(()));
            let text = by_postcard(&Lossy(30)).unwrap_err().to_string();
            assert!(text.contains("Lossy` does not arrive") && text.contains("another value"), "{text}");
        }
    }
}
