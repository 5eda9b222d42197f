//! What servers and clients share: the contract, its messages, and where the cluster is.

mod place;

pub use place::{cluster, cluster_from};

use ember::prelude::*;

/// Why a counter did not change.
#[message]
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum CounterError {
    /// It would be over its limit.
    #[error("it would be over {0}")]
    OverTheLimit(u64),
}

/// Counts, under names.
#[rpc(name = "counter")]
pub trait Counter {
    /// Adds `n` to what is counted under `name`; returns the sum.
    async fn rpc_add(&self, name: String, n: u64) -> Result<u64, CounterError>;

    /// What is counted under `name`; 0 for a name that nobody has used.
    async fn rpc_sum(&self, name: String) -> u64;
}
