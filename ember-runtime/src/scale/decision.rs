//! What was decided, and what others are told of it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Reading, Step};
use crate::id::Pid;

/// What came of one look at a service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Decision {
    /// When: as [`Reading::at`].
    pub at: Duration,
    /// How many workers there were.
    pub from: u32,
    /// How many there are.
    pub to: u32,
    /// What the strategy asked for: `from` and `to` may be the same all the same, at a bound or while it cools down.
    pub step: Step,
    /// The reason, for the log.
    pub why: String,
    /// What was measured.
    pub reading: Reading,
}

impl Decision {
    /// Whether there are more workers now, or fewer.
    pub fn is_change(&self) -> bool {
        self.from != self.to
    }
}

/// An event of the node: one of its services was looked at by its [`Scale`](super::Scale). It is published for each look, also if nothing changed.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Scaled {
    /// Which.
    pub pid: Pid,
    /// Its name.
    pub service: &'static str,
    /// What came of it.
    pub decision: Decision,
}

impl Scaled {
    pub(crate) fn new(pid: Pid, service: &'static str, decision: Decision) -> Self {
        Self { pid, service, decision }
    }
}
