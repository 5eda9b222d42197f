//! Calling from within a handler.

use std::sync::Arc;

use super::{
    client::{Client, HasClient, Plain},
    kind::Local,
    select::Select,
};
use crate::{
    actor::{Cx, Service, Unit},
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
    pub fn local<S: Service + HasClient>(&self) -> S::Client<Local> {
        self.router().local::<S>()
    }

    fn router(&self) -> Arc<Router> {
        self.core.host.get()
    }
}
