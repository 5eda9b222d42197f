//! What travels between a test and a `fault-node`.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use serde::{Deserialize, Serialize};

/// Calls go to any counter.
pub const ANY: &str = "any";

/// The registry of a node.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Place {
    /// An embedded one in this folder.
    Embedded(PathBuf),
    /// etcd at these endpoints, `host:port`.
    Etcd(Vec<String>),
}

/// How a `fault-node` is set up.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Configuration {
    /// Its name.
    pub name: String,
    /// Its cluster.
    pub cluster: String,
    /// Its registry.
    pub registry: Place,
    /// Where its counter writes what it executes. Without it, it has no counter.
    pub record: Option<PathBuf>,
    /// Whether it has a sharded service as well, which writes in the same file.
    pub sharded: bool,
    /// The time to live of its lease.
    pub lease: Duration,
    /// That of its masters.
    pub office: Duration,
    /// How long a shutdown may take.
    pub drain: Duration,
    /// Where it listens.
    pub listen: Option<String>,
    /// What it says where it listens.
    pub advertise: Option<String>,
    /// The network namespace in which it runs, made by `ip netns add`. Without it, that of whoever starts it.
    pub namespace: Option<String>,
}

/// The first answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Started {
    /// The run of the node.
    pub incarnation: String,
    /// Where it listens, as it says.
    pub endpoint: String,
}

/// What became of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// Nothing yet.
    Pending,
    /// It was executed, by the node of this name.
    Done(String),
    /// It was not executed.
    NotExecuted(String),
    /// It may have been executed.
    MaybeExecuted(String),
    /// It was sent one way.
    Sent,
}

/// A call.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Record {
    /// Its id.
    pub id: String,
    /// What became of it.
    pub outcome: Outcome,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}

/// All calls of a node in numbers.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Summary {
    /// Executed calls, by the node that answered.
    pub done: BTreeMap<String, u64>,
    /// Calls that were not executed.
    pub not_executed: u64,
    /// Calls that may have been executed.
    pub maybe_executed: u64,
    /// One-way calls that were taken.
    pub sent: u64,
    /// Calls under way.
    pub pending: u64,
    /// What the runtime believes to be under way to instances that it knows.
    pub in_flight: usize,
    /// The slowest call that has ended, in milliseconds.
    pub slowest_ms: u64,
    /// One of the errors.
    pub last_error: String,
}

impl Summary {
    /// Executed calls.
    pub fn all_done(&self) -> u64 {
        self.done.values().sum()
    }

    /// Calls that were answered by `node`.
    pub fn done_by(&self, node: &str) -> u64 {
        self.done.get(node).copied().unwrap_or_default()
    }

    /// Calls without a value.
    pub fn failed(&self) -> u64 {
        self.not_executed + self.maybe_executed
    }
}
