//! What is known of who has seen what, and of who has vouched for it.

use std::{sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{
    id::Epoch,
    office::{OfficeSeat, Shown},
};

/// A record: its epoch and its index.
pub(super) type At = (Epoch, u64);

/// Where an instance stands on its node.
pub(crate) struct Place {
    pub(crate) seat: Arc<OfficeSeat>,
    /// What clients here have seen of its group.
    pub(crate) shown: Arc<Shown>,
    /// Has its master asked for its word, which then comes, and told who asks.
    pub(crate) asks: Box<dyn Fn() + Send + Sync>,
}

/// What its master has said of its state.
#[derive(Default)]
pub(super) struct Word {
    /// On the clock of leases: what was acknowledged before that is in the state.
    pub(super) sure: Option<Duration>,
    /// The same, as soon as this record is.
    pub(super) next: Option<(Duration, At)>,
    /// The master is being asked.
    pub(super) asked: bool,
}

/// How far one member is, as it tells others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Far {
    /// What it knows the set by.
    pub(crate) epoch: Epoch,
    pub(crate) version: u64,
    /// Of the master in office: no reply has left that depends on a later record.
    pub(crate) leads: Option<At>,
    /// Another set is under way.
    pub(crate) changes: bool,
    /// The master's lease goes on.
    pub(crate) acts: bool,
}
