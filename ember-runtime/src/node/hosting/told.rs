//! How the services have ended of which other nodes were told last.

use std::collections::{HashMap, VecDeque};

use crate::{actor::DownReason, id::NodeKey};

/// So many answers are remembered; whoever asks again for an older one is told that there is no such service.
const MOST: usize = 8192;

/// The last answers, by who was told of which service. An answer goes with the link that it was written to, if that breaks.
#[derive(Debug, Default)]
pub(super) struct Told {
    reasons: HashMap<(NodeKey, u64), DownReason>,
    order: VecDeque<(NodeKey, u64)>,
}

impl Told {
    pub(super) fn add(&mut self, node: NodeKey, service: u64, reason: DownReason) {
        // The end of a service comes once; what is said of it later is known from here, or nothing is known.
        if reason == DownReason::NoSuchService || self.reasons.contains_key(&(node, service)) {
            return;
        }
        if self.order.len() == MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.reasons.remove(&oldest);
        }
        self.order.push_back((node, service));
        self.reasons.insert((node, service), reason);
    }

    pub(super) fn find(&self, node: NodeKey, service: u64) -> Option<DownReason> {
        self.reasons.get(&(node, service)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{Incarnation, NodeId};

    #[test]
    fn last_answers_are_known_of_whom_they_were_for() {
        let node = |id| NodeKey { id: NodeId(id), incarnation: Incarnation(1) };
        let mut told = Told::default();
        told.add(node(1), 7, DownReason::Failed);
        told.add(node(1), 7, DownReason::Stopped);
        told.add(node(1), 8, DownReason::NoSuchService);
        assert_eq!(told.find(node(1), 7), Some(DownReason::Failed));
        assert_eq!((told.find(node(2), 7), told.find(node(1), 8)), (None, None));
        for service in 100..100 + MOST as u64 {
            told.add(node(2), service, DownReason::Stopped);
        }
        assert_eq!(told.find(node(1), 7), None);
        assert_eq!(told.find(node(2), 100), Some(DownReason::Stopped));
        assert_eq!((told.order.len(), told.reasons.len()), (MOST, MOST));
    }
}
