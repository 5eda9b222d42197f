//! Where nodes meet: links to others.

use super::{Band, Denied};
use crate::id::NodeKey;

/// What an application says of its node's links to others. Registered with
/// [`NodeBuilder::link_hooks`](crate::node::NodeBuilder::link_hooks).
pub trait LinkHooks: Send + Sync + 'static {
    /// Another node has proven who it is, and wants a link, or this node wants one to it, and has not dialled yet. An error refuses it: the
    /// other node is told that it is denied, and why; calls from here are `NotExecuted(Unreachable)`. Asked anew with each dial.
    ///
    /// # Errors
    /// Why there is to be no link.
    fn admit(&self, peer: NodeKey) -> Result<(), Denied> {
        let _ = peer;
        Ok(())
    }

    /// There is a link to this node, whoever dialled it. Ups and downs come in their order.
    fn up(&self, peer: NodeKey) {
        let _ = peer;
    }

    /// The link has ended, and why.
    fn down(&self, peer: NodeKey, why: &str) {
        let _ = (peer, why);
    }

    /// Where it stands among others.
    fn band(&self) -> Band {
        Band::Middle
    }
}
