//! What the builder of a node can be told of the cluster.

use std::{sync::Arc, time::Duration};

use super::values;
use crate::{error::Result, net::Endpoint, registry::Registry, transport::LinkConfig};

/// What the builder was told.
pub(crate) struct Options {
    pub(crate) registry: Option<Arc<dyn Registry>>,
    pub(crate) listen: Option<Endpoint>,
    pub(crate) advertise: Option<Endpoint>,
    pub(crate) lease: Duration,
    /// What was said that means something with a registry only, the last of it.
    pub(crate) meant_for_peers: Option<&'static str>,
    pub(crate) links: LinkConfig,
    /// Its members of replicated groups keep so many records; as many as are kept anyway, if nothing.
    pub(crate) kept_records: Option<u64>,
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
            kept_records: None,
        }
    }
}

impl Options {
    pub(crate) fn is_alone(&self) -> bool {
        self.registry.is_none()
    }

    /// # Errors
    /// A value that cannot be.
    pub(crate) fn check(&self) -> Result<()> {
        if let Some(twins) = crate::event::twins() {
            return Err(crate::error::Error::Configuration(twins));
        }
        self.listen.as_ref().map_or(Ok(()), values::listen)?;
        self.advertise.as_ref().map_or(Ok(()), values::advertise)?;
        values::lease(self.lease)?;
        values::max_message(self.links.max_message)
    }
}
