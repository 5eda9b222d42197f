//! A plan: faults with their times.

use std::{fmt, str::FromStr, time::Duration};

use futures_util::future::join_all;
use tokio::time::sleep;

use super::{
    active::Active,
    fault::{Fault, TimedFault},
    roles::Roles,
    waits::PATIENCE,
};
use crate::testing::Sim;

/// Faults for a simulated cluster, each with its beginning and its end. `Display` writes them in a line, and `FromStr` reads it:
/// `kill(beta)@1200+800;partition(alpha,beta)@3000+500`, or `none`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults(pub(super) Vec<TimedFault>);

impl Faults {
    /// The faults, in the order of their beginnings.
    pub fn list(&self) -> &[TimedFault] {
        &self.0
    }

    /// Does to a cluster what is planned, from now on, and ends when the last fault has ended. Each fault is undone at its end, as far as
    /// no other one that still lasts is about the same. A node that does not start at once (the registry may be away) is left
    /// to the caller.
    ///
    /// # Panics
    /// If the simulation has no such node.
    ///
    /// # Cancel safety
    /// Dropped halfway, it leaves the cluster with the faults that last just then.
    pub async fn apply(&self, sim: &Sim) {
        let (active, roles) = (Active::default(), Roles::default());
        let each = self.0.iter().map(async |it| {
            sleep(it.at).await;
            let Some(fault) = roles.named(sim, &it.fault).await else { return };
            // What was killed so says no more after its handler's first word.
            let last = matches!(fault, Fault::Kill(_));
            let waits = || active.waits(sim, &fault);
            let met = it.in_call && sim.handler_begins(&fault.hosts(), PATIENCE, last, waits).await;
            let is_met = met && last;
            if !is_met && !active.may_begin(sim, &fault).await {
                return;
            }
            let backup = active.begin(sim, &fault).await;
            sleep(it.lasts).await;
            active.end(sim, &fault, backup).await;
        });
        join_all(each).await;
    }

    /// When the last has ended.
    pub(in super::super) fn end(&self) -> Duration {
        self.0.iter().map(TimedFault::end).max().unwrap_or_default()
    }
}

impl From<Vec<TimedFault>> for Faults {
    fn from(mut faults: Vec<TimedFault>) -> Self {
        faults.sort_by_key(|it| it.at);
        Self(faults)
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("none");
        }
        let each: Vec<_> = self.0.iter().map(TimedFault::to_string).collect();
        f.write_str(&each.join(";"))
    }
}

impl FromStr for Faults {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.trim() == "none" {
            return Ok(Self::default());
        }
        let each: Result<Vec<_>, _> = text.split(';').map(|it| it.trim().parse::<TimedFault>()).collect();
        each.map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_a_line_that_is_read_back() {
        let nodes = ["alpha", "beta-2", "gamma.x"];
        let (mut longest, mut in_call) = (0, 0);
        for seed in 0..500 {
            let faults = Faults::random(seed, &nodes, 6, Duration::from_secs(10));
            assert_eq!(faults.to_string().parse(), Ok(faults.clone()), "{faults}");
            assert_eq!(faults, Faults::random(seed, &nodes, 6, Duration::from_secs(10)));
            assert!(faults.list().iter().all(|it| it.at < Duration::from_secs(10) && it.end() <= faults.end()));
            in_call += faults.list().iter().filter(|it| it.in_call).count();
            longest = longest.max(faults.list().len());
        }
        assert_eq!(longest, 6);
        assert!(in_call > 200, "{in_call}");
    }

    #[test]
    fn what_is_no_plan_is_told_how_to_write_one() {
        for wrong in [
            "",
            "kill",
            "kill(a)",
            "kill(a)@1",
            "kill()@1+1",
            "kill(a)@-1+1",
            "kill(a,b)@1+1",
            "partition(a)@1+1",
            "partition(a,a)@1+1",
            "loss(101)@1+1",
            "latency(a,b,0)@1+1",
            "registry(gone)@1+1",
            "pause()@1+1",
            "clock(a)@1+1",
            "clock(a,99999999999)@1+1",
            "expire(a,b)@1+1",
            "kill(a)@1!!+1",
            "kill(a)@1+99999999999999",
            "kill(a)@1+1;",
            "explode(a)@1+1",
        ] {
            let error = wrong.parse::<Faults>().expect_err(wrong);
            assert!(error.contains("is no fault: write") && error.contains("kill(a)@1200+800"), "{error}");
        }
        assert_eq!("none".parse(), Ok(Faults::default()));
        assert_eq!(Faults::default().to_string(), "none");
    }
}
