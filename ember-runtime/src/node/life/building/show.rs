//! What a node is told to show, and where that is to be found.

use std::net::SocketAddr;

use super::faces::Face;
use crate::{
    node::life::{builder::NodeBuilder, running::Node},
    sync::lock,
};

impl NodeBuilder {
    /// One more face, or another in place of that of the same name.
    pub(crate) fn face(mut self, name: &'static str, face: Face) -> Self {
        self.faces.all.retain(|(known, _)| *known != name);
        self.faces.all.push((name, face));
        self
    }

    /// Has the handlers of all services counted.
    pub(crate) fn count_handlers(mut self) -> Self {
        self.faces.meters.get_or_insert_default();
        self
    }
}

impl Node {
    /// Where the face of this name listens, if it does.
    pub(crate) fn face_address(&self, name: &str) -> Option<SocketAddr> {
        lock(&self.inner.faces).iter().find(|face| face.name == name)?.address
    }
}
