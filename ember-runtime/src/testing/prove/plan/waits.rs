//! How long faults wait for what they are to meet, and how often they look for it.

use std::time::Duration;

/// How long a fault waits for a call to hit; and so long an end of a node until another has what only that has.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);
/// How often it is looked whether a node may end.
pub(super) const LOOK: Duration = Duration::from_millis(10);
