//! Calling from within a handler.

use std::sync::Arc;

use super::{
    client::{Client, HasLocalClient, Plain},
    select::Select,
};
use crate::{
    actor::{Cx, Unit},
    call::routes::Router,
};

impl<U: Unit> Cx<'_, U> {
    /// A client for any live instance, in turn.
    pub fn client<C: Client>(&self) -> Plain<C> {
        self.select::<C>().client()
    }

    /// A client for what the filters say.
    pub fn select<C: Client>(&self) -> Select<C> {
        Select::new(self.router())
    }

    /// A client for the service `S` on this node, with its `api_` methods.
    pub fn local<S: HasLocalClient>(&self) -> S::LocalClient {
        self.router().local::<S>()
    }

    fn router(&self) -> Arc<Router> {
        self.core.host.get()
    }
}
