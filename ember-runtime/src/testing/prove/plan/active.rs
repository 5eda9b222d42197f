//! Faults that last: two of them may be about the same host or pair.

use std::{
    cell::{Cell, RefCell},
    time::Duration,
};

use tokio::time::sleep;

use super::{
    fault::Fault,
    waits::{LOOK, PATIENCE},
};
use crate::testing::{Backup, Registry, Sim, hosts::HOST};

/// Who was cut off from the registry tries again to reach it after this, at the latest.
const REACHES: Duration = Duration::from_millis(1_500);

#[derive(Debug, Default)]
pub(super) struct Active {
    all: RefCell<Vec<Fault>>,
    /// Until then the registry is told what it has lost.
    tells: Cell<Duration>,
    /// When the last fault has ended that kept a node from telling it anything.
    heard: Cell<Duration>,
}

impl Active {
    /// Whether the fault would take away what a replicated group has had acknowledged: no other member that has it would be left, and what is
    /// lost then is lost in good order.
    pub(super) fn loses(&self, sim: &Sim, fault: &Fault) -> bool {
        let (Fault::Kill(node) | Fault::Restart(node)) = fault else { return false };
        let all = self.all.borrow();
        let ending = all.iter().filter_map(|other| match other {
            Fault::Kill(node) | Fault::Restart(node) => Some(&**node),
            _ => None,
        });
        !sim.is_outlived(node, &ending.collect::<Vec<_>>())
    }

    /// Whether it may not begin just now.
    pub(super) fn waits(&self, sim: &Sim, fault: &Fault) -> bool {
        sim.elapsed() < self.tells.get() && keeps_silent(fault) || self.loses(sim, fault)
    }

    /// Waits until the fault loses nothing; whether that has come, and not too late.
    pub(super) async fn may_begin(&self, sim: &Sim, fault: &Fault) -> bool {
        while sim.elapsed() < self.tells.get() && keeps_silent(fault) {
            sleep(LOOK).await;
        }
        let until = sim.elapsed() + PATIENCE;
        while self.loses(sim, fault) {
            if sim.elapsed() >= until {
                sim.note(format!("{fault} is left out: nobody else has what a replicated group has acknowledged"));
                return false;
            }
            sleep(LOOK).await;
        }
        true
    }

    /// Begins a fault; what its end needs.
    pub(super) async fn begin(&self, sim: &Sim, fault: &Fault) -> Option<Backup> {
        let alone = !self.all.borrow().iter().any(|other| same(other, fault));
        self.all.borrow_mut().push(fault.clone());
        match fault {
            Fault::Kill(node) => sim.kill(node).await,
            // A node that is down or going down already is not shut down once more.
            Fault::Restart(node) if alone => drop(sim.shutdown(node).await),
            Fault::Restart(_) => {}
            Fault::RegistryRestored => return Some(sim.registry_backup()),
            Fault::Expire(node) => sim.expire_lease(node),
            _ => again(sim, fault),
        }
        None
    }

    /// Before the registry comes back with less: waits until it will be heard what its replicated groups know. What was acknowledged is kept where
    /// some of those in sync reach the registry within a lease of its return, and that is not left to chance.
    async fn may_forget(&self, sim: &Sim) {
        if sim.groups().is_empty() {
            return;
        }
        self.tells.set(Duration::MAX);
        while self.all.borrow().iter().any(keeps_silent) || sim.elapsed() < self.heard.get() + REACHES {
            sleep(LOOK).await;
        }
    }

    /// The registry has come back with less.
    fn has_forgotten(&self, sim: &Sim) {
        if self.tells.get() > Duration::ZERO {
            self.tells.set(sim.elapsed() + sim.lease() + REACHES);
        }
    }

    pub(super) async fn end(&self, sim: &Sim, fault: &Fault, backup: Option<Backup>) {
        let forgets = matches!(fault, Fault::Registry(Registry::Empty) | Fault::RegistryRestored);
        if forgets {
            self.may_forget(sim).await;
        }
        let rest: Vec<Fault> = {
            let mut all = self.all.borrow_mut();
            if let Some(at) = all.iter().position(|other| other == fault) {
                all.remove(at);
            }
            if keeps_silent(fault) {
                self.heard.set(sim.elapsed());
            }
            all.iter().filter(|other| same(other, fault)).cloned().collect()
        };
        match fault {
            // Whoever ends last starts it.
            Fault::Kill(node) | Fault::Restart(node) if rest.is_empty() => drop(sim.start(node).await),
            Fault::Registry(data) if rest.is_empty() => sim.registry_up(*data),
            Fault::Pause(host) if rest.is_empty() => sim.resume(host),
            Fault::Kill(_) | Fault::Restart(_) | Fault::Registry(_) | Fault::Pause(_) | Fault::Expire(_) => {}
            Fault::RegistryRestored => backup.iter().for_each(|it| sim.registry_restore(it)),
            Fault::Clock(node, _) => sim.set_clock(node, 0),
            Fault::Partition(a, b) | Fault::OneWay(a, b) => sim.heal(a, b),
            Fault::Latency(a, b, _) => sim.usual_latency(a, b),
            Fault::Loss(_) => sim.loss(0.0),
        }
        if forgets {
            self.has_forgotten(sim);
        }
        if !matches!(fault, Fault::Registry(_) | Fault::Pause(_)) {
            rest.iter().for_each(|other| again(sim, other));
        }
    }
}

/// Whether it may keep a node from telling the registry anything.
fn keeps_silent(fault: &Fault) -> bool {
    match fault {
        Fault::Partition(a, b) | Fault::OneWay(a, b) | Fault::Latency(a, b, _) => a == HOST || b == HOST,
        Fault::Pause(_) | Fault::Loss(_) => true,
        _ => false,
    }
}

/// What is done at once, and twice is as once.
fn again(sim: &Sim, fault: &Fault) {
    match fault {
        Fault::Partition(a, b) => sim.partition(a, b),
        Fault::OneWay(from, to) => sim.partition_one_way(from, to),
        Fault::Latency(a, b, time) => sim.latency(a, b, *time),
        Fault::Loss(percent) => sim.loss(f64::from(*percent) / 100.0),
        Fault::Registry(_) => sim.registry_down(),
        // A kill ends a pause.
        Fault::Pause(host) => sim.pause(host),
        Fault::Clock(node, millis) => sim.set_clock(node, *millis),
        Fault::Kill(_) | Fault::Restart(_) | Fault::Expire(_) | Fault::RegistryRestored => {}
    }
}

/// Whether two faults are undone by the same.
fn same(one: &Fault, other: &Fault) -> bool {
    use Fault::{Clock, Kill, Latency, Loss, OneWay, Partition, Pause, Registry, Restart};
    let pair = |a: &str, b: &str, c: &str, d: &str| (a == c && b == d) || (a == d && b == c);
    match (one, other) {
        (Kill(a) | Restart(a), Kill(b) | Restart(b)) | (Pause(a), Pause(b)) | (Clock(a, _), Clock(b, _)) => a == b,
        (Partition(a, b) | OneWay(a, b), Partition(c, d) | OneWay(c, d)) => pair(a, b, c, d),
        (Latency(a, b, _), Latency(c, d, _)) => pair(a, b, c, d),
        (Loss(_), Loss(_)) | (Registry(_), Registry(_)) => true,
        _ => false,
    }
}
