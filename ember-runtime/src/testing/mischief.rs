//! What else can happen to a host or to the registry: less often than a kill, and worse.

use std::fmt;

use super::{
    hosts::{HOST, State},
    sim::Sim,
    trace::now,
};
use crate::registry::store::Store;

/// A copy of all that the registry had: see [`Sim::registry_backup`].
#[derive(Clone)]
pub struct Backup(Store);

impl fmt::Debug for Backup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backup").finish_non_exhaustive()
    }
}

impl Sim {
    /// Lets the process of a host stand still, as SIGSTOP does: none of its tasks runs and no timer fires, what was on its way arrives at its
    /// system and waits there, its connections stay, and new ones are made up to a backlog. The registry can be paused too, as `registry`.
    ///
    /// [`on`](Self::on) and all else that asks the node wait until it [goes on](Self::resume). A kill ends the pause.
    pub fn pause(&self, host: &str) {
        self.recorder.event(now(), format!("{host} stands still"));
        self.process(host).pause(true);
    }

    /// Lets a host go on that was [paused](Self::pause): all timers that were due in between fire now, late. No effect on one that runs.
    pub fn resume(&self, host: &str) {
        self.recorder.event(now(), format!("{host} goes on"));
        self.process(host).pause(false);
    }

    /// Sets the wall clock of a node's host so many milliseconds ahead of the right time, or behind it if that is negative; it jumps. 0 is
    /// right again. Also for later starts of the node. Only what follows the calendar reads it ([`Clock`](crate::clock::Clock)): timers, deadlines
    /// and leases do not.
    pub fn set_clock(&self, node: &str, millis: i64) {
        self.recorder.event(now(), format!("the clock of {node} is wrong by {millis} ms"));
        self.host(node).skew.set(millis);
    }

    /// A copy of all that the registry has now.
    pub fn registry_backup(&self) -> Backup {
        self.recorder.event(now(), "a backup of the registry was made".into());
        Backup(self.registry.copied())
    }

    /// Puts the registry back to what it had: its revisions go back, and its leases live for their whole time from now on, or from when
    /// it is up. If it is up, it ends and begins anew.
    pub fn registry_restore(&self, backup: &Backup) {
        self.recorder.event(now(), "the registry was restored from a backup".into());
        self.registry.restore(&backup.0);
    }

    /// Ends the lease of a running node in the registry, as when its signs of life did not arrive in time: its keys go, and it lives. No
    /// effect if the node does not run, or the registry is away.
    pub fn expire_lease(&self, node: &str) {
        self.recorder.event(now(), format!("the lease of {node} ends"));
        if let State::Up { node, .. } = &*self.host(node).state.borrow() {
            self.registry.expire(node.key());
        }
    }

    fn process(&self, host: &str) -> &super::hosts::Process {
        if host == HOST { &self.registry.process } else { &self.host(host).process }
    }
}
