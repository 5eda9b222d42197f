//! Calls from other nodes, on the last steps of their way: to the services that they are for.

use std::task::Context;

use super::router::Router;
use crate::{error::RefusedReason, message::Arrivals};

impl Router {
    /// Delivers those calls that are for one service; a task of this node's runtime does.
    pub(crate) fn deliver(&self, number: u64, calls: &mut dyn Arrivals<'_>, task: &mut Context<'_>) {
        match self.cells.get(number) {
            Some(cell) => cell.deliver(calls, self.runs.for_links(), task),
            None => {
                while let Some(call) = calls.take_for(number) {
                    call.reply.fail(RefusedReason::Stopped);
                }
            }
        }
    }
}
