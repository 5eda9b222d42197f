//! What is measured of a service.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What was measured of a service with workers since it was last looked at. It is data: written down, it can be
/// [replayed](super::Scale::replay).
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Reading {
    /// When: since the service began to be scaled.
    pub at: Duration,
    /// How many workers there are.
    pub workers: u32,
    /// How many of them were at work, on the average.
    pub busy: f64,
    /// How many messages waited for a worker, on the average: not those that wait for their key, or their shard, which no worker helps.
    pub queued: f64,
    /// So long, at most, 99 of 100 messages waited for a worker. Of a concurrent service how long the one waited that waited longest when it was
    /// looked at.
    pub wait_p99: Duration,
    /// How much of its cores the process used, from 0 to 1. None where nobody knows: on systems other than Linux, and in a simulation.
    pub cpu: Option<f64>,
}

/// What is seen between two looks.
#[derive(Debug, Default)]
pub(crate) struct Samples {
    taken: u32,
    busy: f64,
    queued: f64,
}

impl Samples {
    pub(crate) fn add(&mut self, busy: u32, queued: usize) {
        self.taken += 1;
        self.busy += f64::from(busy);
        self.queued += queued as f64;
    }

    /// The reading of the time that they were taken in.
    pub(crate) fn reading(&self, at: Duration, wait_p99: Duration, cpu: Option<f64>) -> Reading {
        let taken = f64::from(self.taken.max(1));
        Reading { at, workers: 0, busy: self.busy / taken, queued: self.queued / taken, wait_p99, cpu }
    }
}
