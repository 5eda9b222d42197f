//! What all generated clients have in common.

use super::{
    handle::Handle,
    kind::{Kind, One},
};
use crate::directory::{Interest, Selector};

/// A generated client: a typed address. Cheap to clone, `Send` and `Sync`, never stale: each call looks the target up anew.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no client",
    note = "each `#[service]` struct, each `#[module]` struct and each contract (a trait with `#[rpc]`) has a client of its own, beside it: for `Counter` write `CounterClient`"
)]
pub trait Client: Clone + Send + Sync + Sized + 'static {
    /// Whom its calls go to.
    type Kind: Kind;
    /// The same client for another [`Kind`].
    type As<K: Kind>: Client<Kind = K>;

    /// What it calls.
    fn interest() -> Interest;

    /// Wraps a handle.
    #[doc(hidden)]
    fn from_handle(handle: Handle<Self::Kind>) -> Self;

    /// The handle within.
    #[doc(hidden)]
    fn handle(&self) -> &Handle<Self::Kind>;

    /// Whom it calls, as data.
    fn selector(&self) -> &Selector {
        self.handle().selector()
    }
}

/// A unit with a generated client.
pub trait HasClient {
    /// The client.
    type Client<K: Kind>: From<Handle<K>>;
}

/// Shorthand for what a plain client of `C` is.
pub(crate) type Plain<C> = <C as Client>::As<One>;
