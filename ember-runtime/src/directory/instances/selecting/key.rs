//! Keys that calls are ordered and placed by.

use crate::{
    id::fnv1a,
    message::{CallKey, CodecError, key_hash},
};

/// An ordering or placement key. Integers are themselves, texts are hashed; the same on every node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key(pub u64);

impl Key {
    /// The key of calls whose contract names this value: `.by_key(Key::of(&player)?)` chooses, for every call, the instance that a method
    /// with `#[rpc(key = "player")]` is called at, and [`Cx::key`](crate::actor::Cx::key) has its number there.
    ///
    /// # Errors
    /// It cannot be written as postcard. A whole number, a text or the like always can.
    pub fn of(value: &(impl CallKey + ?Sized)) -> Result<Self, CodecError> {
        key_hash(value).map(Self)
    }
}

macro_rules! from_integers {
    ($($t:ty),*) => {$(
        impl From<$t> for Key {
            fn from(value: $t) -> Self {
                Self(value as u64)
            }
        }
    )*};
}
from_integers!(u8, u16, u32, u64, usize, i8, i16, i32, i64, isize);

impl From<&str> for Key {
    fn from(text: &str) -> Self {
        Self(fnv1a(text))
    }
}

impl From<&String> for Key {
    fn from(text: &String) -> Self {
        Self(fnv1a(text))
    }
}

impl From<String> for Key {
    fn from(text: String) -> Self {
        Self(fnv1a(&text))
    }
}
