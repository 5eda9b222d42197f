//! What a stream needs of the node that it starts from, or has come to.

use std::{fmt, sync::Arc};

use futures_util::future::BoxFuture;

use super::lent::{Ask, Items, Pull, Ticket};
use crate::error::Failure;

/// A node, as its streams see it.
pub(crate) trait Desk: Send + Sync + 'static {
    /// Where the items of that stream come from.
    fn source(self: Arc<Self>, ticket: Ticket) -> Box<dyn Source>;

    /// Runs a task of the node's.
    fn run(&self, task: BoxFuture<'static, ()>);

    /// Keeps a stream for a reader on another node, who knows it by the ticket.
    ///
    /// # Errors
    /// If the node has too many of them.
    fn lend(&self, stream: Arc<dyn Pull>, ahead: usize) -> Result<Ticket, String>;
}

/// A stream on another node.
pub(crate) trait Source: Send + Sync + 'static {
    /// Asks for items. Ends when there is one, and now and then with none.
    fn more(&self, ask: Ask) -> BoxFuture<'_, Result<Items, Failure>>;

    /// Says that nobody reads it any more.
    fn close(&self) -> BoxFuture<'_, ()>;
}

/// The node that a stream has come to, or starts from.
#[derive(Clone)]
pub struct Station(pub(crate) Arc<dyn Desk>);

impl fmt::Debug for Station {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Station")
    }
}
