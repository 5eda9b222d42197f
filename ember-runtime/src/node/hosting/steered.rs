//! Services are steered while they run: paused, and given other weights.

use super::host::Services;
use crate::id::Pid;

impl Services {
    /// Pauses a service, or ends its pause. `false` if it does not run here.
    pub(crate) fn pause(&self, pid: Pid, paused: bool) -> bool {
        let Some(cell) = self.find(pid) else { return false };
        cell.pause(paused);
        tracing::info!(target: "ember::service", service = cell.name(), %pid, paused, "paused, or not any more");
        // Callers on this node know at once; the others when the registry has told them.
        if self.lock().registered.get(&pid.number).is_some_and(|running| running.published) {
            self.publisher.refresh(&cell);
        }
        true
    }

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
