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
    /// So many of them want the last value of before.
    pub(crate) retain: u32,
}

impl Want {
    pub(super) fn enter(&mut self, takes: Takes) {
        self.count(takes, |count| *count += 1);
    }

    pub(super) fn leave(&mut self, takes: Takes) {
        self.count(takes, |count| *count -= 1);
    }

    fn count(&mut self, takes: Takes, count: impl Fn(&mut u32)) {
        let (server, cluster) = (takes.goes(ScopeKind::Server), takes.goes(ScopeKind::Cluster));
        if server {
            count(&mut self.server);
        }
        if cluster {
            count(&mut self.cluster);
        }
        if takes.retain && (server || cluster) {
            count(&mut self.retain);
        }
    }

    /// How many take what goes so far.
    pub(crate) fn takers(self, scope: ScopeKind) -> u32 {
        match scope {
            ScopeKind::Node => 0,
            ScopeKind::Server => self.server,
            ScopeKind::Cluster => self.cluster,
        }
    }

    /// Without how many they are: what others must know at once.
    pub(crate) fn sort(self) -> (bool, bool, bool) {
        (self.server > 0, self.cluster > 0, self.retain > 0)
    }
}

/// By the ids of types that are wanted at all.
pub(crate) type Wants = BTreeMap<u64, Want>;
