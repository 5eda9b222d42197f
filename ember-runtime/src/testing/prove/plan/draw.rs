//! Faults from a seed.

use std::time::Duration;

use super::{
    fault::{Fault, Kind, TimedFault},
    faults::Faults,
    names::{MASTER, OTHER, SLAVE},
    situations::situation,
};
use crate::{
    rng::Rng,
    testing::{Registry, hosts::HOST},
};

/// Most faults are shorter than a lease, so that what is only suspected comes back; some are longer.
const SHORT: u64 = 2_000;
const LONG: u64 = 9_000;

/// What may be drawn.
#[derive(Debug, Clone)]
pub(in super::super) struct Mix {
    pub(in super::super) nodes: Vec<String>,
    /// These are neither killed nor restarted.
    pub(in super::super) spared: Vec<String>,
    pub(in super::super) kinds: Vec<Kind>,
    pub(in super::super) most: usize,
    pub(in super::super) span: Duration,
    /// Faults come together around the masters of elected groups, too.
    pub(in super::super) masters: bool,
}

impl Faults {
    /// One to `most` faults of every kind for these nodes and the registry, all from `seed`; they begin within `span`.
    ///
    /// # Panics
    /// If there is no node.
    #[track_caller]
    pub fn random(seed: u64, nodes: &[&str], most: usize, span: Duration) -> Self {
        assert!(!nodes.is_empty(), "`Faults::random` cannot be without nodes: name those that faults may meet");
        Mix { most, span, ..Mix::of(nodes.iter().map(|node| (*node).to_owned()).collect()) }.draw(seed)
    }
}

impl Mix {
    pub(in super::super) fn of(nodes: Vec<String>) -> Self {
        let (spared, kinds) = (Vec::new(), Kind::ALL.to_vec());
        Self { nodes, spared, kinds, most: 8, span: Duration::from_secs(10), masters: false }
    }

    pub(in super::super) fn draw(&self, seed: u64) -> Faults {
        // Other numbers than those of the cluster with this seed.
        let rng = Rng::from_seed(seed ^ 0x0066_6175_6c74_7321);
        let count = if self.kinds.is_empty() || self.most == 0 { 0 } else { 1 + rng.below(self.most) };
        if self.masters && count > 0 && rng.below(2) == 0 {
            return self.around_a_master(&rng, count);
        }
        let faults: Vec<_> = (0..count).filter_map(|_| self.one(&rng)).collect();
        Faults::from(faults)
    }

    /// A situation, and not many others.
    fn around_a_master(&self, rng: &Rng, count: usize) -> Faults {
        let mut kinds = self.kinds.clone();
        if !self.spared.is_empty() {
            // Whoever is the master then may be one of those.
            kinds.retain(|kind| !matches!(kind, Kind::Kill | Kind::Restart));
        }
        let at = Duration::from_millis(rng.u64() % (self.span.as_millis() as u64 * 2 / 3).max(1));
        let mut faults = situation(rng, &kinds, at);
        faults.extend((0..count / 2).filter_map(|_| self.one(rng)));
        Faults::from(faults)
    }

    fn one(&self, rng: &Rng) -> Option<TimedFault> {
        let ms = |from: u64, to: u64| Duration::from_millis(from + rng.u64() % (to - from).max(1));
        // What cuts calls off is drawn more often than what is only odd.
        let cutting = [Kind::Kill, Kind::Partition, Kind::OneWay];
        let cutting: Vec<_> = self.kinds.iter().filter(|it| cutting.contains(*it)).collect();
        let kind = match cutting.get(rng.below(cutting.len() * 2)) {
            Some(kind) => *kind,
            None => self.kinds.get(rng.below(self.kinds.len()))?,
        };
        let at = ms(0, self.span.as_millis() as u64);
        let mut lasts = if rng.below(4) == 0 { ms(SHORT, LONG) } else { ms(50, SHORT) };
        let master = self.masters && self.spared.is_empty() && rng.below(3) == 0;
        let victim = || {
            if master {
                return Some(MASTER.to_owned());
            }
            let able: Vec<_> = self.nodes.iter().filter(|node| !self.spared.contains(*node)).collect();
            able.get(rng.below(able.len())).map(|node| (*node).clone())
        };
        let pair = || {
            if master {
                let other = [HOST, SLAVE, HOST, SLAVE, OTHER][rng.below(5)];
                let (a, b) = (MASTER.to_owned(), other.to_owned());
                return if rng.below(2) == 0 { (a, b) } else { (b, a) };
            }
            let a = rng.below(self.nodes.len());
            // Whichever host but `a`; the registry's is the last.
            let b = (a + 1 + rng.below(self.nodes.len())) % (self.nodes.len() + 1);
            let [a, b] = [a, b].map(|at| self.nodes.get(at).map_or(HOST, String::as_str).to_owned());
            if rng.below(2) == 0 { (a, b) } else { (b, a) }
        };
        let fault = match kind {
            Kind::Kill => Fault::Kill(victim()?),
            Kind::Restart => Fault::Restart(victim()?),
            Kind::Partition => {
                let (a, b) = pair();
                Fault::Partition(a, b)
            }
            Kind::OneWay => {
                let (from, to) = pair();
                Fault::OneWay(from, to)
            }
            Kind::Latency => {
                let (a, b) = pair();
                Fault::Latency(a, b, ms(20, 800))
            }
            Kind::Loss => Fault::Loss(2 + rng.below(24) as u8),
            Kind::RegistryDown => Fault::Registry(Registry::Kept),
            Kind::RegistryLost => Fault::Registry(Registry::Empty),
            Kind::RegistryRestored => Fault::RegistryRestored,
            Kind::Pause if master => Fault::Pause(MASTER.to_owned()),
            Kind::Pause => {
                let at = rng.below(self.nodes.len() + 1);
                Fault::Pause(self.nodes.get(at).map_or(HOST, String::as_str).to_owned())
            }
            Kind::Clock => {
                // A second or so, or up to a day.
                let most = if rng.below(2) == 0 { 2_000 } else { 24 * 60 * 60 * 1_000 };
                let millis = 1 + rng.below(most) as i64;
                let node = self.nodes.get(rng.below(self.nodes.len()))?;
                Fault::Clock(node.clone(), if rng.below(2) == 0 { millis } else { -millis })
            }
            Kind::Expire => {
                lasts = Duration::ZERO;
                Fault::Expire(self.nodes.get(rng.below(self.nodes.len()))?.clone())
            }
        };
        // What meets a call in flight leaves its caller in doubt, which is where most is to be found.
        let meets =
            [Kind::Kill, Kind::Restart, Kind::Partition, Kind::OneWay, Kind::Pause, Kind::Expire].contains(kind);
        let in_call = meets && fault.hosts().iter().any(|it| *it != HOST) && rng.below(4) > 0;
        Some(TimedFault { fault, at, in_call, lasts })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_kinds_and_hosts_are_met_and_those_spared_are_not() {
        let nodes: Vec<String> = ["a", "b", "c"].map(String::from).to_vec();
        let mix = Mix { spared: vec!["b".into()], ..Mix::of(nodes) };
        let text: String = (0..300).map(|seed| mix.draw(seed).to_string()).collect();
        let kinds = ["kill(a)", "kill(c)", "restart(a)", "loss(", "registry(kept)", "registry(empty)", "latency("];
        let others = ["registry(older)", "pause(b)", "pause(registry)", "clock(b,-", "clock(a,", "expire(b)"];
        let pairs = ["partition(a,b)", "partition(b,a)", "partition(registry,c)", "oneway(b,registry)", "oneway(c,b)"];
        for met in kinds.iter().chain(&pairs).chain(&others) {
            assert!(text.contains(met), "{met} is never drawn");
        }
        for never in ["kill(b)", "restart(b)", "(a,a)", "kill(registry)", "clock(registry", "expire(registry"] {
            assert!(!text.contains(never), "{never} is drawn");
        }
    }

    #[test]
    fn only_the_kinds_that_are_allowed_are_drawn() {
        let mix = Mix { kinds: vec![Kind::Kill], ..Mix::of(vec!["a".into()]) };
        let all: Vec<_> = (0..50).flat_map(|seed| mix.draw(seed).list().to_vec()).collect();
        assert!(all.len() > 50 && all.iter().all(|it| it.fault == Fault::Kill("a".into())));
        let none = Mix { spared: vec!["a".into()], ..mix };
        assert!((0..50).all(|seed| none.draw(seed) == Faults::default()), "nobody is left to kill");
    }
}
