//! The three ways to use a client: one instance, every instance, or this node's own.

use std::fmt::Debug;

use super::{many::CallMany, single::Call};
use crate::{call::requests::Request, message::Method};

/// Whom the calls of a client go to. [`One`] unless something else is asked for.
pub trait Kind: Clone + Debug + Send + Sync + 'static {
    /// What a method of the client returns.
    type Call<M: Method>;

    /// Makes a call.
    #[doc(hidden)]
    fn call<M: Method>(request: Request<M>) -> Self::Call<M>;
}

/// One instance of those that match, chosen anew for each call.
#[derive(Debug, Clone, Copy)]
pub struct One;

/// Every instance that matches.
#[derive(Debug, Clone, Copy)]
pub struct Many;

/// An instance on this node; its `api_` methods can be called as well.
#[derive(Debug, Clone, Copy)]
pub struct Local;

/// The kinds that `api_` methods can be called with.
#[diagnostic::on_unimplemented(
    message = "an `api_` method can be called from its service's own node only",
    label = "this client is for the whole cluster",
    note = "take the client of the service on this node, `local::<TheService>()`, or name the method `rpc_…`"
)]
pub trait OnThisNode: Kind {}
impl OnThisNode for Local {}

impl Kind for One {
    type Call<M: Method> = Call<M>;

    fn call<M: Method>(request: Request<M>) -> Call<M> {
        Call::new(request)
    }
}

impl Kind for Many {
    type Call<M: Method> = CallMany<M>;

    fn call<M: Method>(request: Request<M>) -> CallMany<M> {
        CallMany::new(request)
    }
}

impl Kind for Local {
    type Call<M: Method> = Call<M>;

    fn call<M: Method>(request: Request<M>) -> Call<M> {
        Call::new(request)
    }
}
