//! Replicated groups: what they have, and who has it.

use std::collections::{BTreeMap, BTreeSet};

use super::{hosts::State, sim::Sim};
use crate::{
    actor::Host as _,
    directory::{EpochRecord, epoch_key},
    id::Epoch,
    replica::{Member, rules::Order},
};

/// What is known of one group.
#[derive(Default)]
pub(super) struct Group {
    /// The sets in sync, as the registry and members know them.
    sets: BTreeMap<Order, BTreeSet<Member>>,
    /// Those that masters have asked the registry for.
    next: Vec<BTreeSet<Member>>,
    /// Members that run and have a state; where.
    pub(super) whole: BTreeMap<Member, String>,
    /// The sets in sync that the registry had when it came back with less.
    lost: BTreeMap<Order, BTreeSet<Member>>,
    /// Where instances run.
    instances: BTreeSet<String>,
    /// So many of them are members at most.
    most: Option<usize>,
}

impl Group {
    /// Whether the registry had a later set than this, and some of that live with what they had.
    pub(super) fn is_outlived_since(&self, record: Option<Order>) -> bool {
        let last = self.lost.last_key_value().filter(|(order, _)| Some(**order) > record);
        last.is_some_and(|(_, set)| set.iter().any(|member| self.whole.contains_key(member)))
    }
}

impl Sim {
    /// Whether all that replicated groups have acknowledged is held by somebody else than this node and those that are `ending`: each set that
    /// may elect the next master of a group with a member here names one there too.
    pub(super) fn is_outlived(&self, node: &str, ending: &[&str]) -> bool {
        let lasts = |host: &String| host != node && !ending.contains(&&**host);
        self.groups().values().all(|group| {
            let is_held = |set: &BTreeSet<Member>| set.iter().any(|it| group.whole.get(it).is_some_and(lasts));
            let set = group.sets.last_key_value().map(|(_, set)| set);
            // One that begins just now may be founded here: perhaps nobody knows yet that it was.
            let Some(set) = set.filter(|set| set.iter().any(|it| group.whole.contains_key(it))) else {
                return !group.instances.contains(node);
            };
            let is_whole_here = group.whole.values().any(|host| host == node);
            !is_whole_here || is_held(set) && group.next.iter().all(is_held)
        })
    }

    /// What each replicated group lacks whose instances are not all in sync, as the registry knows them.
    pub(super) fn lacking(&self) -> Option<String> {
        self.groups().into_iter().find_map(|(group, it)| {
            let (_, set) = it.sets.last_key_value()?;
            let in_sync = set.iter().filter(|member| it.whole.contains_key(member)).count();
            // The others are spare.
            let members = it.most.map_or(it.instances.len(), |most| most.min(it.instances.len()));
            (in_sync < members || set.len() > in_sync).then(|| {
                format!(
                    "{group} runs on {:?}, these have a state: {:?}, and in sync are {set:?}",
                    it.instances, it.whole
                )
            })
        })
    }

    /// Where the master of an elected group acts, and then where its other instances are: of the group that has most of them. Nothing, if nobody
    /// acts.
    pub(super) fn acting(&self) -> Option<Vec<String>> {
        let mut groups = BTreeMap::<String, (Option<(Epoch, String)>, BTreeSet<String>)>::new();
        for (host, it) in &*self.hosts {
            let State::Up { node, .. } = &*it.state.borrow() else { continue };
            for cell in node.inner.services.router.cells.all() {
                let Some(seat) = node.inner.services.office(cell.pid()) else { continue };
                let (master, instances) = groups.entry(epoch_key("", &cell.identity().office())).or_default();
                instances.insert(host.clone());
                if let Some(epoch) = seat.acting().filter(|epoch| master.as_ref().is_none_or(|it| it.0 < *epoch)) {
                    *master = Some((epoch, host.clone()));
                }
            }
        }
        let acting = groups.into_values().filter_map(|(master, instances)| Some((master?.1, instances)));
        let (master, instances) = acting.max_by_key(|(_, instances)| instances.len())?;
        let others = instances.into_iter().filter(|host| *host != master);
        Some([master.clone()].into_iter().chain(others).collect())
    }

    /// What is known of each replicated group, by its key.
    pub(super) fn groups(&self) -> BTreeMap<String, Group> {
        let mut groups = BTreeMap::<String, Group>::new();
        for (name, order, set) in sets(self.registry.written()) {
            groups.entry(name).or_default().sets.insert(order, set);
        }
        for (host, it) in &*self.hosts {
            let State::Up { node, .. } = &*it.state.borrow() else { continue };
            let router = &node.inner.services.router;
            for cell in router.cells.all() {
                let Some(replica) = router.replicas.get(cell.pid().number) else { continue };
                let name = epoch_key("", &cell.identity().office());
                let group =
                    groups.entry(name.split_once(EPOCHS).map_or_else(String::new, |it| it.1.to_owned())).or_default();
                group.instances.insert(host.clone());
                group.most = replica.terms().most;
                let standing = replica.standing();
                if let Some(order) = standing.knows {
                    group.whole.insert(standing.member, host.clone());
                    if order.version > 0 {
                        group.sets.entry(order).or_insert(standing.set.members);
                    }
                }
                group.next.extend(replica.look(standing.epoch, |leader| leader.next().cloned()).flatten());
            }
        }
        // Of those that are still there, or run.
        for (name, order, set) in sets(self.registry.lost()) {
            groups.entry(name).and_modify(|group| _ = group.lost.insert(order, set));
        }
        groups
    }
}

/// Of records of epochs those of replicated groups: whose, how new, and who was in sync.
fn sets(records: Vec<(String, EpochRecord)>) -> impl Iterator<Item = (String, Order, BTreeSet<Member>)> {
    records.into_iter().filter_map(|(key, record)| {
        let ((_, name), group) = (key.split_once(EPOCHS)?, record.group?);
        let order = Order { epoch: record.epoch.number(), version: group.set.version };
        Some((name.to_owned(), order, group.set.members))
    })
}

const EPOCHS: &str = "/epochs/";
