//! The call chain: who waits for whom. It finds a call that would come back to a service which waits for it.

use std::sync::{Arc, OnceLock};

use crate::id::Pid;

/// One handler that is waiting for a call, and those that wait for it in turn.
#[derive(Debug)]
pub(crate) struct Chain {
    pub(crate) pid: Pid,
    /// The names of service and method, if they are of this node.
    here: (&'static str, &'static str),
    place: OnceLock<Box<str>>,
    above: Option<Arc<Chain>>,
}

/// No service has a number like this: it is that of a handler, see [`handler`].
const HANDLER: u64 = 1 << 63;

/// As whom one of several handlers of the service `pid` waits, or one of its shards. The low half of `which` is told apart from others.
pub(crate) const fn handler(pid: Pid, which: u64) -> Pid {
    Pid { number: HANDLER | (pid.number & 0x7fff_ffff) << 32 | which & 0xffff_ffff, ..pid }
}

/// The service of which whoever waits is a handler.
const fn service_of(waiting: Pid) -> Pid {
    let is_handler = waiting.number & HANDLER != 0;
    Pid { number: if is_handler { waiting.number >> 32 & 0x7fff_ffff } else { waiting.number }, ..waiting }
}

impl Drop for Chain {
    #[inline]
    fn drop(&mut self) {
        // One after the other: each would drop the next within itself, and a long chain end the stack.
        let mut above = self.above.take();
        while let Some(mut last) = above.and_then(Arc::into_inner) {
            above = last.above.take();
        }
    }
}

impl Chain {
    /// The method `method` of a service of this node.
    pub(crate) fn here(pid: Pid, service: &'static str, method: &'static str, above: Option<Arc<Self>>) -> Arc<Self> {
        Arc::new(Self { pid, here: (service, method), place: OnceLock::new(), above })
    }

    /// One that another node has told of.
    pub(crate) fn told(pid: Pid, place: &str, above: Option<Arc<Self>>) -> Arc<Self> {
        Arc::new(Self { pid, here: ("", ""), place: OnceLock::from(Box::from(place)), above })
    }

    /// The service's name and the method that waits, for messages and for other nodes: `player.rpc_buy`. Hardly any is asked
    /// for it.
    pub(crate) fn place(&self) -> &str {
        self.place.get_or_init(|| format!("{}.{}", self.here.0, self.here.1).into())
    }

    /// The service whose handler waits.
    pub(crate) const fn service(&self) -> Pid {
        service_of(self.pid)
    }

    /// The links, innermost first.
    pub(crate) fn links(self: &Arc<Self>) -> impl Iterator<Item = &Chain> {
        std::iter::successors(Some(&**self), |chain| chain.above.as_deref())
    }

    /// If a call to `target` would wait for itself: the path, outermost first.
    pub(crate) fn cycle(self: &Arc<Self>, target: Pid, place: &str) -> Option<String> {
        let mut waiting = Vec::new();
        for link in self.links() {
            waiting.push(link.place());
            if link.pid == target {
                waiting.reverse();
                waiting.push(place);
                return Some(waiting.join(" → "));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{Incarnation, NodeId, NodeKey};

    #[test]
    fn a_handler_that_waits_is_one_of_its_service() {
        let pid = |number| Pid { node: NodeKey { id: NodeId(1), incarnation: Incarnation(1) }, number };
        for waits in [pid(7), handler(pid(7), 0), handler(pid(7), u64::MAX)] {
            assert_eq!(Chain::here(waits, "hall", "rpc_move", None).service(), pid(7));
        }
    }

    #[test]
    fn a_chain_of_any_length_is_dropped() {
        let pid = Pid { node: NodeKey { id: NodeId(1), incarnation: Incarnation(1) }, number: 1 };
        let chain = (0..200_000).fold(None, |above, _| Some(Chain::here(pid, "relay", "rpc_pass", above)));
        let kept = chain.clone();
        drop(chain);
        assert_eq!(kept.iter().flat_map(Chain::links).count(), 200_000);
        drop(kept);
    }
}
