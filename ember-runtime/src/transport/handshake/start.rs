//! The beginning of a node's links.

use std::sync::Arc;

use super::server::serve;
use crate::{
    net::{Listener, Network},
    rng::Rng,
    transport::{
        peers::Links,
        protocol::{Identity, Ingress, LinkConfig},
    },
};

impl Links {
    /// Accepts links on `listener`, and dials others through `network` when calls want them.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub(crate) fn start(
        identity: Identity,
        listener: Box<dyn Listener>,
        network: Arc<dyn Network>,
        rng: Rng,
        config: LinkConfig,
        ingress: Arc<dyn Ingress>,
    ) -> Arc<Self> {
        let of_server = config.clone();
        Self::made((identity, config), network, rng, ingress, |links, sockets| {
            tokio::spawn(serve(links, listener, sockets, of_server))
        })
    }
}
