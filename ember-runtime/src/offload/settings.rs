//! How large a pool is.

use std::{num::NonZero, thread::available_parallelism};

/// How large the pool of a node is for work that its services [offload](crate::actor::Cx::offload).
/// [`NodeBuilder::offload`](crate::node::NodeBuilder::offload) sets it. Each node has a pool of its own: several of one process do not wait for each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offload {
    pub(crate) threads: Option<usize>,
    pub(crate) futures: usize,
    pub(crate) waiting: usize,
}

impl Default for Offload {
    /// As many threads as there are cores, and four at least; 256 futures at a time; room for 1,024 pieces that wait.
    fn default() -> Self {
        Self { threads: None, futures: 256, waiting: 1024 }
    }
}

impl Offload {
    /// The most blocking pieces that run at a time, each on a thread: 1 to 4,096. By default as many as the machine has cores, so that work that computes has
    /// all of them, and four at least, so that a few that wait for a disk do not hold up the rest (in a simulation always four). Take more
    /// for work that mostly waits. A thread is started when it is needed, and ends when it has had nothing to do for 10 s.
    #[must_use]
    pub const fn threads(mut self, threads: usize) -> Self {
        self.threads = Some(threads);
        self
    }

    /// The most futures that run at a time: 1 to 65,536, and 256 by default. They hold no threads, but what they use (connections, files) is
    /// seldom without a bound.
    #[must_use]
    pub const fn futures(mut self, futures: usize) -> Self {
        self.futures = futures;
        self
    }

    /// How many pieces may wait, blocking ones and futures together: up to 1,048,576. By default 1,024, which is 2.5 s of waiting for four threads and
    /// pieces of 10 ms: half of the time that callers wait by default. With 0 nothing waits: what cannot begin at once is refused. One key
    /// has half of the room.
    #[must_use]
    pub const fn waiting(mut self, waiting: usize) -> Self {
        self.waiting = waiting;
        self
    }

    /// How many threads there may be.
    pub(super) fn most_threads(&self, is_simulated: bool) -> usize {
        const LEAST: usize = 4;
        let cores = || if is_simulated { LEAST } else { available_parallelism().map_or(LEAST, NonZero::get) };
        self.threads.unwrap_or_else(|| cores().max(LEAST))
    }
}
