//! What a candidate is told before it decides anything.

use std::time::Duration;

use tokio::time::Instant;

use crate::directory::OfficeNow;

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
