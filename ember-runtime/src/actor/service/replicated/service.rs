//! What users implement.

use crate::{
    actor::service::Service,
    message::{Deep, Message, Ordered, Schema},
};

/// An elected service with a state that every member of its group has, so that it outlives its master. The runtime owns the state, and
/// only [`apply`](Self::apply) changes it: on every member, with the same entries in the same order.
///
/// The struct has `#[service(elected)]`, or it does not compile. What it holds itself is not replicated: that is each instance's own.
///
/// The three types are `#[message]` types, numbers, `String`, `()`, or standard containers of these; they travel by the default
/// format, not as JSON. A `HashMap` or `HashSet` in one of them does not compile, however deep (16 messages within each other are looked into):
/// its order differs from node to node. Nor does a field or variant with `#[serde(skip)]`, which would be its `Default` on whoever learns the state
/// or is sent the entry: what each instance has for itself goes into the struct of the service, and what can be made of the rest is made
/// anew where the state is read, by `#[serde(from = "…", into = "…")]`. A type of another crate, of which only serde knows, is taken as it is:
/// what it has by hash, or leaves out, nobody sees.
///
/// What a group agrees about includes the structure of `State` and `Entry`: a build in which they differ is not admitted to it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a replicated service",
    label = "a replicated service is expected here",
    note = "implement `ember::Replicated` for it, and write `#[service(elected)]` on it"
)]
pub trait Replicated: Service {
    /// What is replicated. It begins as its `Default`, which must be the same on every node.
    ///
    /// A member that comes later learns it as serde writes it. So all of it must be written: a field with `#[serde(skip)]` does not compile.
    type State: Replicable + Default + Sync;

    /// What is done to it: written down, sent to every member, and applied by each.
    type Entry: Replicable + Sync;

    /// What the master is told of an entry that it has applied. On the others it is compared with that, by a hash, and dropped.
    type Output: Replicable;

    /// Does what `entry` says, and tells what came of it.
    ///
    /// It must do the same on every member, so it may use nothing but its arguments: no clock, no randomness, no input or output, no
    /// environment, no `static`, no address of memory, and no map or set by hash within it whose order shows. What an entry needs of
    /// these, the handler finds out first, and writes into the entry.
    ///
    /// It runs on the master at once, before any other member has the entry, and on the others when they know that it is
    /// acknowledged: a member that comes to another [`Output`](Self::Output) than the master logs an error, and learns the master's
    /// state. An entry is acknowledged when every member that is in sync has it; a reply that depends on it leaves only
    /// then. If the master is lost before that, the entry may be gone with it.
    ///
    /// # Errors
    /// It has none: an entry that has been committed counts. What can be refused is refused by the handler, which sees the state, or is
    /// part of the `Output`.
    ///
    /// # Panics
    /// It should not: every member would come to the same end. A member whose `apply` has panicked cannot tell what its state is
    /// worth, and gives it up.
    ///
    /// It blocks its service while it runs.
    fn apply(state: &mut Self::State, entry: &Self::Entry) -> Self::Output;
}

/// The state, entry or output of a [`Replicated`] service: a type that travels, and knows its structure. `#[message]` makes it one;
/// numbers, `String`, `()`, and standard containers of such types are.
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
