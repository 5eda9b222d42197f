//! What the workers of a service are at.

use std::time::Duration;

/// The workers of a service at one moment: [`Node::workers`](crate::node::Node::workers).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Workers {
    /// The fewest that there may be.
    pub least: u32,
    /// The most.
    pub most: u32,
    /// How many there are.
    pub now: u32,
    /// How many of them are at work: more than there are, for a while, when there were more before. One that has replied may count for a
    /// moment longer.
    pub busy: u32,
    /// Messages that wait, for whatever.
    pub waiting: usize,
    /// Of those, the ones that wait for a worker, and not for their key or shard: of a sharded service one for each shard that has something
    /// to do and no worker, whether it is in line or no thread has come to it yet.
    pub queued: usize,
    /// How long the one has waited for a worker that has waited longest.
    pub oldest: Option<Duration>,
}
