//! Which pieces of work must run one after the other.

use std::hash::{DefaultHasher, Hash, Hasher};

/// The key of offloaded work: pieces that one service has offloaded under the same key run one after the other, in the order in which it
/// offloaded them. Whatever is [`Hash`] is a key: a number, a text, a tuple, an enum. `7_u32` and `7_u64` are two, as are the same keys of two services;
/// a service and its modules share theirs. `()` is a key like any other: under it all run one after the other. [`Unordered`] is none.
///
/// Of a key only a hash of 64 bits is kept. Two keys whose hashes are the same would be one, and wait for each other: nothing else.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the key of offloaded work",
    label = "a key is what is `Hash`, or `Unordered`",
    note = "take what says which pieces must not run at once, such as an id: `cx.offload(self.id, …)`; where all of them may, `cx.offload(Unordered, …)`"
)]
pub trait OffloadKey {
    /// Its hash; none if there is no order to keep.
    #[doc(hidden)]
    fn line(&self) -> Option<u64>;
}

#[diagnostic::do_not_recommend]
impl<K: Hash + ?Sized> OffloadKey for K {
    fn line(&self) -> Option<u64> {
        // The same in each run: a simulation must replay.
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        Some(hasher.finish())
    }
}

/// Instead of the key of offloaded work: it waits for no other, and no other for it.
#[derive(Debug, Clone, Copy)]
pub struct Unordered;

impl OffloadKey for Unordered {
    fn line(&self) -> Option<u64> {
        None
    }
}

/// Of which pieces one runs at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Line {
    /// Those of a service under one key.
    Keyed { service: u64, key: u64 },
    /// One piece, alone.
    Alone(u64),
}

impl Line {
    /// The line of the callbacks, among the keys of the service's calls. Should one of those be the same, they wait for each other: nothing else.
    pub(super) const fn of_callbacks(self) -> Option<u64> {
        match self {
            Self::Keyed { key, .. } => Some(key.rotate_left(32) ^ 0x9e37_79b9_7f4a_7c15),
            Self::Alone(_) => None,
        }
    }
}
