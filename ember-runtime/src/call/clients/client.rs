//! What all generated clients have in common.

use super::{
    handle::Handle,
    kind::{Kind, Local, One},
};
use crate::{
    actor::Specified,
    directory::{Interest, Selector},
};

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

/// A service, and its client on its own node: what `local::<S>()` takes. `#[service]` implements it of each, so that what is no service is
/// one error.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a service",
    label = "a service is expected here, not its client",
    note = "write the type that has `#[service]`: `local::<Counter>()`, which returns a `CounterClient`"
)]
pub trait HasLocalClient: Specified {
    /// The client, with the `api_` methods.
    type LocalClient: From<Handle<Local>>;
}

/// Shorthand for what a plain client of `C` is.
pub(crate) type Plain<C> = <C as Client>::As<One>;
