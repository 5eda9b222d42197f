//! What the subscribers of a node want of other nodes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::actor::{ScopeKind, Takes};

/// Of one type.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Want {
    /// So many take what goes to the server id of their node; what goes to the cluster.
    pub(crate) server: u32,
    pub(crate) cluster: u32,
    /// Whether some of them want the last value of before: 0 if not, otherwise how often that has begun.
    pub(crate) retain: u32,
}

/// The same, as it is counted.
#[derive(Debug, Default)]
pub(super) struct Interest {
    want: Want,
    /// So many want the last value of before.
    retainers: u32,
    begun: u32,
    /// How often somebody has begun to take what goes so far, while nobody did: to the server id, and to the cluster.
    periods: [u64; 2],
}

impl Interest {
    pub(super) fn enter(&mut self, takes: Takes) {
        for (period, (kind, count)) in self.periods.iter_mut().zip(self.want.far()) {
            *period += u64::from(count == 0 && takes.goes(kind));
        }
        self.count(takes, |count| *count += 1);
        if self.retainers > 0 && self.want.retain == 0 {
            self.begun = self.begun.checked_add(1).unwrap_or(1);
            self.want.retain = self.begun;
        }
    }

    pub(super) fn leave(&mut self, takes: Takes) {
        self.count(takes, |count| *count -= 1);
        if self.retainers == 0 {
            self.want.retain = 0;
        }
    }

    fn count(&mut self, takes: Takes, count: impl Fn(&mut u32)) {
        let (server, cluster) = (takes.goes(ScopeKind::Server), takes.goes(ScopeKind::Cluster));
        if server {
            count(&mut self.want.server);
        }
        if cluster {
            count(&mut self.want.cluster);
        }
        if takes.retain && (server || cluster) {
            count(&mut self.retainers);
        }
    }

    pub(super) fn want(&self) -> Want {
        self.want
    }

    /// Which time it is that somebody takes what goes so far, if anybody does.
    pub(super) fn period(&self, scope: ScopeKind) -> Option<u64> {
        let of = |((kind, count), period): ((ScopeKind, u32), u64)| (kind == scope && count > 0).then_some(period);
        self.want.far().into_iter().zip(self.periods).find_map(of)
    }
}

impl Want {
    /// How many take what goes so far.
    pub(crate) fn takers(self, scope: ScopeKind) -> u32 {
        match scope {
            ScopeKind::Service | ScopeKind::Node => 0,
            ScopeKind::Server => self.server,
            ScopeKind::Cluster => self.cluster,
        }
    }

    /// How many take what comes from other nodes.
    fn far(self) -> [(ScopeKind, u32); 2] {
        [(ScopeKind::Server, self.server), (ScopeKind::Cluster, self.cluster)]
    }

    /// Without how many they are: what others must know at once. Whoever wants last values anew is news, also if nobody was told that it had stopped.
    pub(crate) fn sort(self) -> (bool, bool, u32) {
        (self.server > 0, self.cluster > 0, self.retain)
    }
}

/// By the ids of types that are wanted at all.
pub(crate) type Wants = BTreeMap<u64, Want>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_wants_last_values_anew_is_news() {
        let (takes, mut interest) = (Takes { scope: None, retain: true }, Interest::default());
        interest.enter(takes);
        let first = interest.want();
        interest.enter(takes);
        assert_eq!(first.sort(), interest.want().sort(), "one more is none");
        interest.leave(takes);
        interest.leave(takes);
        assert_eq!(interest.want(), Want::default());
        interest.enter(takes);
        assert_ne!(first.sort(), interest.want().sort());
        assert_eq!((interest.want().server, interest.want().cluster), (1, 1));
    }
}
