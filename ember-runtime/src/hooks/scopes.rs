//! All hooks of a node, by their scopes.

use super::{CallHooks, HandlerHooks, LinkHooks, NodeHooks, order::Ordered};

/// All hooks of a node.
#[derive(Default)]
pub(crate) struct Hooks {
    pub(crate) calls: Ordered<dyn CallHooks>,
    pub(crate) handlers: Ordered<dyn HandlerHooks>,
    pub(crate) links: Ordered<dyn LinkHooks>,
    pub(crate) nodes: Ordered<dyn NodeHooks>,
}
