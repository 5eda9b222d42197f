//! How services are described.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::office::OfficeName;

/// What `#[service]` says of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServiceSpec {
    /// Its name: the struct's, unless `name = "…"` is given.
    pub name: &'static str,
    /// Its kind: free text, empty by default.
    pub kind: &'static str,
    /// Its version: the package's, unless `version = "…"` is given.
    pub version: &'static str,
    /// Where it is defined: `file:line`.
    pub location: &'static str,
    /// Whether its instances elect a master: `#[service(elected)]`.
    pub elected: bool,
    /// So many members of its group must be in sync, if it is replicated: `#[service(elected, min_in_sync = 2)]`; otherwise 1.
    pub min_in_sync: usize,
    /// What leaves its master does not wait for the others of its group: `#[service(elected, acks = "leader")]`.
    pub acks_of_leader: bool,
    /// So many states of it there are, each exclusive, and each for some of the keys: `#[service(sharded, shards = 64)]`; otherwise 0.
    pub shards: u16,
    /// So many are at work at once, at least and at most, as its scaling says: `workers = 8`, which is 8 and 8, or `workers = 2..=16`. Of a concurrent
    /// service handlers, of a sharded one shards. None: one handler at a time, or as many shards as have something to do.
    pub workers: Option<(u16, u16)>,
}

impl ServiceSpec {
    /// A description.
    pub const fn new(name: &'static str, kind: &'static str, version: &'static str, location: &'static str) -> Self {
        Self {
            name,
            kind,
            version,
            location,
            elected: false,
            min_in_sync: 1,
            acks_of_leader: false,
            shards: 0,
            workers: None,
        }
    }

    /// The same, of a service whose instances elect a master.
    #[must_use]
    pub const fn elected(mut self) -> Self {
        self.elected = true;
        self
    }

    /// The same, of a replicated service of whose group so many must be in sync.
    #[must_use]
    pub const fn min_in_sync(mut self, members: usize) -> Self {
        self.min_in_sync = members;
        self
    }

    /// The same, of a service with so many states, each for some of the keys.
    #[must_use]
    pub const fn sharded(mut self, shards: u16) -> Self {
        self.shards = shards;
        self
    }

    /// The same, of a sharded service of which so many shards are at work at once, at least and at most.
    #[must_use]
    pub const fn workers(mut self, least: u16, most: u16) -> Self {
        self.workers = Some((least, most));
        self
    }

    /// The same, of a service of whose handlers so many run at once, at least and at most.
    #[must_use]
    pub const fn concurrent(self, least: u16, most: u16) -> Self {
        self.workers(least, most)
    }

    /// Whether a limit says how many of its shards are at work at once.
    pub(crate) const fn is_limited(&self) -> bool {
        self.shards > 0 && self.workers.is_some()
    }

    /// Whether several of its handlers run at once.
    pub(crate) const fn is_concurrent(&self) -> bool {
        self.shards == 0 && self.workers.is_some()
    }

    /// The same, of a replicated service whose master waits for nobody.
    #[must_use]
    pub const fn acks_of_leader(mut self) -> Self {
        self.acks_of_leader = true;
        self
    }
}

/// The tag that says the weight of an instance.
pub(crate) const WEIGHT: &str = "weight";

/// Which service this is: the same for all who ask, for as long as it runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ServiceIdentity {
    /// Its name.
    pub name: String,
    /// Its id: unique per instance unless one was given.
    pub id: String,
    /// The server id of its node.
    pub server: u32,
    /// Its kind.
    pub kind: String,
    /// Its version.
    pub version: String,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

impl ServiceIdentity {
    /// Of a service of which only the name and the pid are known.
    pub(crate) fn supposed(name: &str, number: u64, server: u32) -> Self {
        Self {
            name: name.into(),
            id: format!("#{number}"),
            server,
            kind: String::new(),
            version: String::new(),
            tags: BTreeMap::new(),
        }
    }

    /// How large its share of the calls is, as its [tag](WEIGHT) says; 1 without.
    pub(crate) fn weight(&self) -> u16 {
        self.tags.get(WEIGHT).and_then(|weight| weight.parse().ok()).unwrap_or(1)
    }

    /// The group that it belongs to, if its service is elected.
    pub(crate) fn office(&self) -> OfficeName {
        OfficeName::new(self.server, &self.name, &self.id)
    }

    /// An identity as `spec` says, with the id and server id given.
    pub fn new(spec: &ServiceSpec, id: String, server: u32) -> Self {
        Self {
            name: spec.name.into(),
            id,
            server,
            kind: spec.kind.into(),
            version: spec.version.into(),
            tags: BTreeMap::new(),
        }
    }
}

/// How far a service is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ServiceState {
    /// `init` or `start` is running, or it has failed and waits for its restart.
    Starting,
    /// It takes calls.
    Running,
    /// It takes calls in the system lane only.
    Paused,
    /// It takes no new calls, and finishes those it has.
    Retiring,
    /// It has ended.
    Stopped,
    /// It has ended by an error, or its restarts are used up.
    Failed,
}

impl ServiceState {
    /// Whether it has come to its end, one way or the other.
    pub(crate) fn has_ended(self) -> bool {
        matches!(self, Self::Stopped | Self::Failed)
    }
}
