//! What the fields of a message must be, for what `#[message]` derives.

use serde::{Deserializer, Serialize, Serializer, de::DeserializeOwned};

/// A type that can be a field of a message: whatever serde can write and read. `#[message]` derives it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is a part of a message, and cannot travel between nodes",
    label = "if `{Self}` is yours, put `#[message]` on it",
    note = "of a `Vec<X>`, or a `Pile<X>` of yours, it may be `X` that lacks it",
    note = "a type of another crate travels if it has serde's `Serialize` and `Deserialize`, in some crates behind a feature `serde`; for one that has not, write `#[serde(with = \"…\")]` at the field, or send its parts",
    note = "what belongs to one call or one process does not travel: of `CallError`, `ember::Error`, `Deferred` or `Streaming` send what is to be known of it, as a type of your own",
    note = "a field that is not sent can have `#[serde(skip)]`: it is its `Default` where it arrives"
)]
pub trait Part: Serialize + DeserializeOwned {}
// The compiler says that `Part` is missing, once, and not what it would take in serde's terms.
#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> Part for T {}

/// Asks whether a type can be a field.
pub fn part<T: Part>() {}

/// A type by another way, which the compiler does not look at before it is used.
pub trait Itself<'x> {
    /// The type.
    type This: ?Sized;
}

impl<T: ?Sized> Itself<'_> for T {
    type This = T;
}

/// Stands for what serde derives where it cannot be used, in code that the compiler refuses for a field that is no [`Part`].
pub trait Unread<T>: Sized {
    /// Never runs.
    ///
    /// # Errors
    /// Never.
    fn serialize<S: Serializer>(_: &T, _: S) -> Result<S::Ok, S::Error> {
        super::never_read()
    }

    /// Never runs.
    ///
    /// # Errors
    /// Never.
    fn deserialize<'de, D: Deserializer<'de>>(_: D) -> Result<T, D::Error> {
        super::never_read()
    }
}

impl<C, T> Unread<T> for C {}
