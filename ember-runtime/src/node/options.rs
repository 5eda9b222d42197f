//! What the builder of a node was told of the cluster.

use std::{sync::Arc, time::Duration};

use super::values;
use crate::{error::Result, net::Endpoint, registry::Registry, transport::LinkConfig};

/// What the builder was told.
pub(super) struct Options {
    pub(super) registry: Option<Arc<dyn Registry>>,
    pub(super) listen: Option<Endpoint>,
    pub(super) advertise: Option<Endpoint>,
    pub(super) lease: Duration,
    /// What was said that means something with a registry only, the last of it.
    pub(super) meant_for_peers: Option<&'static str>,
    pub(super) links: LinkConfig,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            registry: None,
            listen: None,
            advertise: None,
            lease: Duration::from_secs(5),
            meant_for_peers: None,
            links: LinkConfig::default(),
        }
    }
}

impl Options {
    pub(super) fn is_alone(&self) -> bool {
        self.registry.is_none()
    }

    /// # Errors
    /// A value that cannot be.
    pub(super) fn check(&self) -> Result<()> {
        self.listen.as_ref().map_or(Ok(()), values::listen)?;
        self.advertise.as_ref().map_or(Ok(()), values::advertise)?;
        values::lease(self.lease)?;
        values::max_message(self.links.max_message)
    }

    /// What was said that means something with a registry only.
    pub(super) fn meant_for_peers(&self) -> Option<&'static str> {
        self.meant_for_peers
    }
}
