//! Whether a node is healthy.

mod checks;
mod found;

pub use self::found::{Check, Health, State};
use crate::node::Node;

impl Health {
    /// What is found now.
    pub(super) async fn of(node: &Node) -> Self {
        Self::new(checks::all(node).await)
    }
}
