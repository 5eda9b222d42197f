//! A node's part in its cluster.

use std::sync::Arc;

use crate::{directory::Announcer, transport::Links};

/// The part of a node that other nodes see.
pub(super) struct Membership {
    pub(super) links: Arc<Links>,
    pub(super) announcer: Arc<Announcer>,
}
