//! The call chain: who waits for whom. It finds a call that would come back to a service which waits for it.

use std::{fmt::Write, sync::Arc};

use crate::id::Pid;

/// One handler that is waiting for a call, and those that wait for it in turn.
#[derive(Debug)]
pub(crate) struct Chain {
    pub(crate) pid: Pid,
    /// The service's name and the method that waits, for messages: `player.rpc_buy`.
    pub(crate) place: Arc<str>,
    pub(crate) above: Option<Arc<Chain>>,
}

impl Chain {
    /// The links, innermost first.
    pub(crate) fn links(self: &Arc<Self>) -> impl Iterator<Item = &Chain> {
        std::iter::successors(Some(&**self), |chain| chain.above.as_deref())
    }

    /// If a call to `target` would wait for itself: the path, outermost first.
    pub(crate) fn cycle(self: &Arc<Self>, target: Pid, place: &str) -> Option<String> {
        let mut waiting = Vec::new();
        for link in self.links() {
            waiting.push(&*link.place);
            if link.pid == target {
                let mut path = String::new();
                for place in waiting.iter().rev() {
                    let _ = write!(path, "{place} → ");
                }
                path.push_str(place);
                return Some(path);
            }
        }
        None
    }
}
