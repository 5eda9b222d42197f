//! Faults that last: two of them may be about the same host or pair.

use std::{cell::RefCell, time::Duration};

use tokio::time::sleep;

use super::fault::{Fault, PATIENCE};
use crate::testing::{Backup, Sim};

/// How often it is looked whether a node may end.
const LOOK: Duration = Duration::from_millis(10);

#[derive(Debug, Default)]
pub(super) struct Active(RefCell<Vec<Fault>>);

impl Active {
    /// Whether the fault would take away what a replicated group has had acknowledged: no other member that has it would be left, and what is
    /// lost then is lost in good order.
    pub(super) fn loses(&self, sim: &Sim, fault: &Fault) -> bool {
        let (Fault::Kill(node) | Fault::Restart(node)) = fault else { return false };
        let all = self.0.borrow();
        let ending = all.iter().filter_map(|other| match other {
            Fault::Kill(node) | Fault::Restart(node) => Some(&**node),
            _ => None,
        });
        !sim.is_outlived(node, &ending.collect::<Vec<_>>())
    }

    /// Waits until the fault loses nothing; whether that has come, and not too late.
    pub(super) async fn may_begin(&self, sim: &Sim, fault: &Fault) -> bool {
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
        let alone = !self.0.borrow().iter().any(|other| same(other, fault));
        self.0.borrow_mut().push(fault.clone());
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

    pub(super) async fn end(&self, sim: &Sim, fault: &Fault, backup: Option<Backup>) {
        let rest: Vec<Fault> = {
            let mut all = self.0.borrow_mut();
            if let Some(at) = all.iter().position(|other| other == fault) {
                all.remove(at);
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
        if !matches!(fault, Fault::Registry(_) | Fault::Pause(_)) {
            rest.iter().for_each(|other| again(sim, other));
        }
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
