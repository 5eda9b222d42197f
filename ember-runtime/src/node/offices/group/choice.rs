//! Whom a master ships to where its group is to have so many members at most.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use tokio::time::Instant;

use crate::{directory::Instance, id::Pid, net::Endpoint};

/// Who was chosen, and has said nothing in this time, is passed over,
const ANSWERS: Duration = Duration::from_secs(5);
/// and so is who is not in sync after this time: the learning of a large state takes its time.
const JOINS: Duration = Duration::from_secs(180);

/// Where an instance is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Place {
    host: String,
    tags: BTreeMap<String, String>,
}

impl Place {
    pub(super) fn of(instance: &Instance) -> Self {
        let host = match &instance.node.endpoint {
            Endpoint::Tcp(address) => address.rsplit_once(':').map_or(address.as_str(), |(host, _)| host).to_owned(),
            // Whoever is reached by a file is here.
            Endpoint::Unix(_) => String::new(),
        };
        Self { host, tags: instance.published.identity.tags.clone() }
    }

    /// How much this has in common with others: how many are on its host, and then, how many of its tags they have.
    fn shares<'a>(&self, others: impl Iterator<Item = &'a Self> + Clone) -> (usize, usize) {
        let tags = |other: &Self| self.tags.iter().filter(|(name, value)| other.tags.get(*name) == Some(value)).count();
        (others.clone().filter(|other| other.host == self.host).count(), others.map(tags).sum())
    }
}

/// What the choice is made from.
pub(super) struct Field<'a> {
    /// The master itself.
    pub(super) own: &'a Place,
    /// The other instances that are listed.
    pub(super) others: &'a BTreeMap<Pid, Place>,
    /// Those who are in sync.
    pub(super) in_sync: &'a BTreeSet<Pid>,
    /// Those who have answered this master.
    pub(super) heard: &'a BTreeSet<Pid>,
}

/// The others who are members, or are to be, in one epoch.
///
/// Who is in sync stays, wherever it is: another who is better placed has nothing yet. A place that is free goes to who was passed over
/// least often, then to who shares its host with the fewest, then to who shares the fewest tags, then to the first by pid. So the choice does not swing:
/// it changes when somebody goes, is taken out of the set, or does not come.
#[derive(Debug)]
pub(super) struct Choice {
    /// With the master.
    most: usize,
    /// Since when.
    chosen: BTreeMap<Pid, Instant>,
    /// Who was in sync last time.
    were_in: BTreeSet<Pid>,
    /// How often somebody was chosen in vain.
    passed_over: BTreeMap<Pid, u32>,
}

impl Choice {
    pub(super) fn new(most: usize) -> Self {
        Self { most, chosen: BTreeMap::new(), were_in: BTreeSet::new(), passed_over: BTreeMap::new() }
    }

    /// The others that are chosen now.
    pub(super) fn look(&mut self, field: &Field<'_>, now: Instant) -> BTreeSet<Pid> {
        self.chosen.retain(|pid, _| field.others.contains_key(pid));
        self.passed_over.retain(|pid, _| field.others.contains_key(pid));
        self.pass_over(field, now);
        let places = self.most.saturating_sub(1);
        let mut chosen = BTreeSet::new();
        let in_sync: BTreeSet<_> = field.in_sync.iter().copied().filter(|it| field.others.contains_key(it)).collect();
        // More than there is room for: of a master before, which was given a larger number.
        self.fill(&mut chosen, &in_sync, places, field);
        let begun = self.chosen.keys().copied().collect();
        self.fill(&mut chosen, &begun, places, field);
        self.fill(&mut chosen, &field.others.keys().copied().collect(), places, field);
        self.chosen.retain(|pid, _| chosen.contains(pid));
        for pid in &chosen {
            self.chosen.entry(*pid).or_insert(now);
        }
        self.were_in = in_sync;
        chosen
    }

    /// Takes note of who has left the set and is still there, and of who has not come: the others go first.
    fn pass_over(&mut self, field: &Field<'_>, now: Instant) {
        let vain: Vec<_> = self
            .chosen
            .iter()
            .filter(|(pid, _)| !field.in_sync.contains(*pid))
            .filter(|(pid, since)| {
                let waited = now.saturating_duration_since(**since);
                let has_left = self.were_in.contains(*pid);
                has_left || waited >= JOINS || (waited >= ANSWERS && !field.heard.contains(*pid))
            })
            .map(|(pid, _)| *pid)
            .collect();
        for pid in vain {
            self.chosen.remove(&pid);
            *self.passed_over.entry(pid).or_default() += 1;
        }
    }

    /// Chooses from these until so many are chosen.
    fn fill(&self, chosen: &mut BTreeSet<Pid>, from: &BTreeSet<Pid>, places: usize, field: &Field<'_>) {
        while chosen.len() < places {
            let rank = |pid: &Pid| {
                let members = chosen.iter().filter_map(|pid| field.others.get(pid)).chain([field.own]);
                let shares = field.others.get(pid).map(|place| place.shares(members));
                (self.passed_over.get(pid).copied().unwrap_or_default(), shares, *pid)
            };
            let Some(next) = from.iter().filter(|pid| !chosen.contains(*pid)).min_by_key(|pid| rank(pid)) else {
                return;
            };
            chosen.insert(*next);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{Incarnation, NodeId, NodeKey};

    fn pid(node: u64) -> Pid {
        Pid { node: NodeKey { id: NodeId(node), incarnation: Incarnation(1) }, number: 1 }
    }

    fn pids(nodes: &[u64]) -> BTreeSet<Pid> {
        nodes.iter().copied().map(pid).collect()
    }

    fn place(host: &str, rack: &str) -> Place {
        Place { host: host.into(), tags: BTreeMap::from([("rack".into(), rack.into())]) }
    }

    /// The master is on host `a`, in rack 1. All have answered it.
    struct World {
        others: BTreeMap<Pid, Place>,
        in_sync: BTreeSet<Pid>,
        silent: BTreeSet<Pid>,
        now: Instant,
    }

    impl World {
        fn new(others: &[(u64, &str, &str)]) -> Self {
            let others = others.iter().map(|(node, host, rack)| (pid(*node), place(host, rack))).collect();
            Self { others, in_sync: BTreeSet::new(), silent: BTreeSet::new(), now: Instant::now() }
        }

        fn look(&self, choice: &mut Choice) -> BTreeSet<Pid> {
            let heard = self.others.keys().copied().filter(|pid| !self.silent.contains(pid)).collect();
            let (own, others, in_sync) = (&place("a", "1"), &self.others, &self.in_sync);
            choice.look(&Field { own, others, in_sync, heard: &heard }, self.now)
        }
    }

    #[test]
    fn other_hosts_first_and_then_other_tags() {
        let world = World::new(&[(1, "a", "2"), (2, "b", "1"), (3, "b", "2"), (4, "c", "1")]);
        assert_eq!(world.look(&mut Choice::new(2)), pids(&[3]));
        assert_eq!(world.look(&mut Choice::new(3)), pids(&[3, 4]));
        assert_eq!(world.look(&mut Choice::new(9)), pids(&[1, 2, 3, 4]));
        assert_eq!(world.look(&mut Choice::new(1)), pids(&[]));
    }

    #[test]
    fn who_is_in_sync_or_has_begun_stays_for_who_is_better_placed() {
        let mut world = World::new(&[(1, "a", "1"), (2, "a", "1")]);
        let mut choice = Choice::new(3);
        assert_eq!(world.look(&mut choice), pids(&[1, 2]));
        world.in_sync = pids(&[1]);
        world.others.insert(pid(3), place("b", "2"));
        assert_eq!(world.look(&mut choice), pids(&[1, 2]));
        world.in_sync = pids(&[1, 2]);
        assert_eq!(world.look(&mut choice), pids(&[1, 2]));
        assert_eq!(world.look(&mut Choice::new(3)), pids(&[1, 2]), "the next master keeps them too");
        world.others.remove(&pid(1));
        assert_eq!(world.look(&mut choice), pids(&[2, 3]));
    }

    #[test]
    fn who_leaves_the_set_and_is_still_there_makes_room() {
        let mut world = World::new(&[(1, "b", "1"), (2, "c", "1")]);
        let mut choice = Choice::new(2);
        assert_eq!(world.look(&mut choice), pids(&[1]));
        world.in_sync = pids(&[1]);
        assert_eq!(world.look(&mut choice), pids(&[1]));
        world.in_sync.clear();
        assert_eq!(world.look(&mut choice), pids(&[2]));
        assert_eq!(world.look(&mut choice), pids(&[2]), "it does not come back by itself");
        world.others.remove(&pid(2));
        assert_eq!(world.look(&mut choice), pids(&[1]), "and does, where there is no other");
    }

    #[test]
    fn who_is_silent_or_does_not_come_makes_room() {
        let mut world = World::new(&[(1, "b", "1"), (2, "c", "1")]);
        let mut choice = Choice::new(2);
        world.silent = pids(&[1]);
        assert_eq!(world.look(&mut choice), pids(&[1]));
        world.now += ANSWERS;
        assert_eq!(world.look(&mut choice), pids(&[2]));
        world.now += JOINS - Duration::from_secs(1);
        assert_eq!(world.look(&mut choice), pids(&[2]), "it learns");
        world.now += Duration::from_secs(1);
        assert_eq!(world.look(&mut choice), pids(&[1]), "both were passed over once");
    }

    #[test]
    fn of_too_many_in_sync_the_best_placed_stay() {
        let mut world = World::new(&[(1, "a", "1"), (2, "b", "1"), (3, "c", "1")]);
        world.in_sync = pids(&[1, 2, 3]);
        assert_eq!(world.look(&mut Choice::new(3)), pids(&[2, 3]));
    }
}
