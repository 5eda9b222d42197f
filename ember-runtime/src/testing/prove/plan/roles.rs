//! Hosts that a plan names by what they do in a group: which those are is seen when a fault begins.

use std::cell::RefCell;

use tokio::time::sleep;

use super::{
    fault::Fault,
    names::{MASTER, ROLES},
    waits::{LOOK, PATIENCE},
};
use crate::testing::Sim;

/// Who had which role when that was seen last.
#[derive(Debug, Default)]
pub(super) struct Roles(RefCell<Vec<String>>);

impl Roles {
    /// The fault, with the names of hosts. It waits for somebody to act if it is about the master; of the others, those who were others of the last
    /// one are meant if nobody acts. Nothing, if there is nobody.
    pub(super) async fn named(&self, sim: &Sim, fault: &Fault) -> Option<Fault> {
        if !fault.hosts().iter().any(|host| ROLES.contains(host)) {
            return Some(fault.clone());
        }
        let until = sim.elapsed() + PATIENCE;
        loop {
            let now = sim.acting();
            let waits = fault.hosts().contains(&MASTER) || self.0.borrow().is_empty();
            if let Some(now) = now {
                *self.0.borrow_mut() = now;
            } else if waits {
                if sim.elapsed() >= until {
                    break;
                }
                sleep(LOOK).await;
                continue;
            }
            break;
        }
        let last = self.0.borrow();
        let named = fault.renamed(|name| match ROLES.iter().position(|role| *role == name) {
            Some(at) => last.get(at).cloned(),
            None => Some(name.to_owned()),
        });
        match &named {
            Some(named) => sim.note(format!("{fault} is {named}")),
            None => sim.note(format!("{fault} is left out: nobody has that role")),
        }
        named
    }
}
