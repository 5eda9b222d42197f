//! What shows a node to the outside: it begins before the services do, and ends with the node.

use std::{
    fmt,
    net::SocketAddr,
    sync::{Arc, Weak},
};

use futures_util::future::BoxFuture;

use super::begun::{Begun, Kept};
use crate::{
    error::Result,
    meters::Meters,
    node::life::running::{Inner, Node},
    sync::lock,
};

/// Begins to show a node, which it must not keep alive. It says where it listens, if it does; and what it gives is kept until the node has ended.
pub(crate) type Face = Box<dyn FnOnce(Shown) -> BoxFuture<'static, Result<(Option<SocketAddr>, Kept)>> + Send + Sync>;

/// The node that is shown.
#[derive(Clone)]
pub(crate) struct Shown(Weak<Inner>);

impl Shown {
    /// The node, unless it has gone.
    pub(crate) fn node(&self) -> Option<Node> {
        self.0.upgrade().map(|inner| Node { inner })
    }
}

/// What the builder was told to show.
#[derive(Default)]
pub(crate) struct Faces {
    /// By their names, each once.
    pub(super) all: Vec<(&'static str, Face)>,
    /// The handlers of all services are counted.
    pub(crate) meters: Option<Arc<Meters>>,
}

impl Faces {
    /// Begins them, in their order.
    ///
    /// # Errors
    /// The first that cannot.
    pub(crate) async fn begin(self, node: &Node) -> Result<()> {
        for (name, face) in self.all {
            let (address, kept) = face(Shown(Arc::downgrade(&node.inner))).await?;
            lock(&node.inner.faces).push(Begun { name, address, kept });
        }
        Ok(())
    }
}

impl fmt::Debug for Faces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Faces({})", self.all.len())
    }
}
