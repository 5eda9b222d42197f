//! A node's part in its cluster.

use std::sync::Arc;

use tokio::sync::watch;

use crate::{
    directory::{Announcer, Contact},
    transport::Links,
};

/// The part of a node that other nodes see.
pub(crate) struct Membership {
    pub(crate) links: Arc<Links>,
    pub(crate) announcer: Arc<Announcer>,
    /// Whether the registry answers.
    #[cfg_attr(not(feature = "telemetry"), allow(dead_code, reason = "nothing shows a node"))]
    pub(crate) contact: watch::Receiver<Contact>,
}

impl Membership {
    pub(crate) fn new(links: &Arc<Links>, announcer: &Arc<Announcer>, contact: watch::Receiver<Contact>) -> Self {
        Self { links: Arc::clone(links), announcer: Arc::clone(announcer), contact }
    }
}
