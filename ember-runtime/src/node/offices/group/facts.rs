//! What there is to know where a candidate looks what to do.

use std::time::Duration;

use tokio::time::Instant;

use crate::{directory::OfficeNow, id::Epoch, replica::rules};

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

/// The larger of the time and one more than the highest that is known.
pub(in crate::node::offices) fn next_epoch(highest: Option<Epoch>, wall: u64) -> Epoch {
    Epoch(rules::next_epoch(wall, highest.map(|highest| highest.0)).clamp(1, i64::MAX as u64))
}
