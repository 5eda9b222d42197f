//! What there is to know where a candidate looks what to do.

use std::time::Duration;

use tokio::time::Instant;

use crate::{
    directory::OfficeNow,
    id::{Epoch, Pid, fnv1a_of},
    replica::rules,
};

/// What there is to know from elsewhere.
pub(in crate::node::offices) struct Facts<'a> {
    pub(in crate::node::offices) now: Instant,
    pub(in crate::node::offices) office: &'a OfficeNow,
    /// The service runs and is listed, its node has a lease and hears the registry, and does not retire.
    pub(in crate::node::offices) eligible: bool,
    /// How often the registry was away, if it answers now.
    pub(in crate::node::offices) heard: Option<u64>,
    /// Nobody but the last master stands before then: another whom the registry has forgotten may still act.
    pub(in crate::node::offices) quiet_until: Option<Instant>,
    /// How long it waits for those who stand before it.
    pub(in crate::node::offices) patience: Duration,
    /// Milliseconds since 1970.
    pub(in crate::node::offices) wall: u64,
}

/// A candidate whose clock is behind the highest epoch goes beyond it by so much at most: four seconds. Whoever is elected seldom enough comes back
/// to the clock.
const LEAP: u64 = 1 << 12;

/// The time, or more than the highest that is known: how much more is, most likely, another number for each candidate.
pub(in crate::node::offices) fn next_epoch(highest: Option<Epoch>, wall: u64, candidate: Option<Pid>) -> Epoch {
    let leap = candidate.map_or(0, |pid| fnv1a_of(&[pid.to_string().as_bytes()]) % LEAP);
    Epoch(rules::next_epoch(wall, highest.map(|highest| highest.0), leap).clamp(1, i64::MAX as u64))
}
