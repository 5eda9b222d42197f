//! What users implement.

use crate::{
    actor::service::Service,
    message::{Deep, Message, Ordered, Schema},
};

/// A service with a state that every member of its group has: its master and those that may follow it in office.
///
/// ```
/// # use ember_runtime as _;
/// ```
pub trait Replicated: Service {
    /// What is replicated. It begins as its `Default`.
    type State: Replicable + Default + Sync;

    /// What is done to it.
    type Entry: Replicable + Sync;

    /// What comes of it: what `cx.commit` returns.
    type Output: Replicable;

    /// Does what `entry` says.
    fn apply(state: &mut Self::State, entry: &Self::Entry) -> Self::Output;
}

/// A type that can be a part of what is replicated: a type that travels, and knows its structure. `#[message]` makes it one; numbers,
/// `String`, `()`, and standard containers of such types are.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be replicated",
    label = "the state, entry or output of a `Replicated` service is a `#[message]` type",
    note = "if the type is yours, put `#[message]` on it (of `Vec<X>`, of `Option<X>` it may be `X` that lacks it)",
    note = "a type of another crate that has serde's `Serialize` and `Deserialize` can be a field of a `#[message]` type of yours"
)]
pub trait Replicable: Message + Schema + Ordered<Deep> {}
// The compiler says that `Replicable` is missing, once, and not what it would take.
#[diagnostic::do_not_recommend]
impl<T: Message + Schema + Ordered<Deep>> Replicable for T {}
