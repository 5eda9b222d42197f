//! Keys that calls are ordered and placed by.

use crate::id::fnv1a;

/// An ordering or placement key. Integers are themselves, texts are hashed; the same on every node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key(pub u64);

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
