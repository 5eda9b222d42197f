//! How the services of a node have ended that did so last.

use std::collections::{HashMap, VecDeque};

use crate::actor::DownReason;

/// So many are remembered; whoever asks again for an older one is told that there is no such service.
const MOST: usize = 4096;

/// The last ends, by the number of the service.
#[derive(Debug, Default)]
pub(super) struct Ends {
    reasons: HashMap<u64, DownReason>,
    order: VecDeque<u64>,
}

impl Ends {
    pub(super) fn add(&mut self, service: u64, reason: DownReason) {
        if self.reasons.insert(service, reason).is_some() {
            return;
        }
        self.order.push_back(service);
        if self.order.len() > MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.reasons.remove(&oldest);
        }
    }

    pub(super) fn of(&self, service: u64) -> Option<DownReason> {
        self.reasons.get(&service).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_ends_are_known() {
        let mut ends = Ends::default();
        ends.add(7, DownReason::Failed);
        for service in 100..100 + MOST as u64 {
            assert_eq!(ends.of(7), Some(DownReason::Failed), "{service}");
            ends.add(service, DownReason::Stopped);
        }
        assert_eq!((ends.of(7), ends.of(100)), (None, Some(DownReason::Stopped)));
        assert_eq!((ends.order.len(), ends.reasons.len()), (MOST, MOST));
    }
}
