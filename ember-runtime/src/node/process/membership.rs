//! A node's part in its cluster.

use std::sync::Arc;

use crate::{directory::Announcer, transport::Links};

/// The part of a node that other nodes see.
pub(crate) struct Membership {
    pub(crate) links: Arc<Links>,
    pub(crate) announcer: Arc<Announcer>,
}
