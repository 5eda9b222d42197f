//! Services get other weights while they run.

use super::host::Services;
use crate::id::Pid;

impl Services {
    /// Gives a registered service another weight. `false` if it does not run here.
    pub(crate) fn set_weight(&self, pid: Pid, weight: u16) -> bool {
        let changed = pid.node == self.record.key && self.router.directory().set_weight(pid, weight);
        if changed {
            tracing::info!(target: "ember::service", %pid, weight, "it has another weight");
            self.publisher.touch(pid.number);
        }
        changed
    }
}
