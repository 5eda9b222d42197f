//! What else can happen to a host or to the registry: less often than a kill, and worse.

use std::{collections::BTreeMap, fmt, rc::Rc, time::Duration};

use tokio::time::sleep;

use super::{
    hosts::{HOST, Process, State},
    sim::{LOOK, Sim},
    trace::now,
};
use crate::{message::MethodRef, registry::store::Store};

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

    /// Ends the leases of a running node in the registry, its own and those of its masters, as when its signs of life did not arrive in time:
    /// their keys go, and it lives. No effect if the node does not run, or the registry is away.
    pub fn expire_lease(&self, node: &str) {
        self.recorder.event(now(), format!("the leases of {node} end"));
        if let State::Up { node, .. } = &*self.host(node).state.borrow() {
            self.registry.expire(node.key());
        }
    }

    /// Waits until a handler begins on one of these hosts, or on any if none is named, and no longer than `patience`. If it is to be the
    /// `last`, nothing that the host says from then on leaves it; it must be killed next. While it `may_not` be, no handler counts. Whether one has begun.
    pub(super) async fn handler_begins(
        &self,
        hosts: &[&str],
        patience: Duration,
        last: bool,
        may_not: impl Fn() -> bool,
    ) -> bool {
        let (mut before, until) = (self.ledger.begun(hosts), now() + patience);
        let arm = |armed| hosts.iter().filter(|_| last).for_each(|host| self.ledger.arm(host, armed));
        while self.ledger.counts() && self.ledger.begun(hosts) == before && now() < until {
            let waits = may_not();
            arm(!waits);
            sleep(LOOK).await;
            if waits {
                before = self.ledger.begun(hosts);
            }
        }
        arm(false);
        self.ledger.begun(hosts) != before
    }

    /// The methods that nodes may call of each other's services, each with the name of its service, in order.
    pub(super) fn catalogue(&self) -> Vec<(String, MethodRef)> {
        let mut all = BTreeMap::new();
        for host in self.hosts.values() {
            let State::Up { node, .. } = &*host.state.borrow() else { continue };
            for cell in node.view().instances().iter().filter_map(|it| it.cell.as_ref()) {
                let described = cell.methods().into_iter().filter_map(|(id, ..)| cell.describe(id));
                all.extend(described.map(|it| ((cell.name().to_owned(), it.name.clone()), it)));
            }
        }
        all.into_iter().map(|((service, _), method)| (service, method)).collect()
    }

    pub(super) fn process(&self, host: &str) -> &Rc<Process> {
        if host == HOST { &self.registry.process } else { &self.host(host).process }
    }
}
