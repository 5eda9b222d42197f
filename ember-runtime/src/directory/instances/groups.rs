//! All groups of a directory, found by what they have in common.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, PoisonError, RwLock},
};

use super::{group::Group, instance::Instance, selecting::Interest};
use crate::id::{NodeId, Pid};

/// Fewer than these are not looked through for such as nobody needs.
const FEW: usize = 64;

/// The groups. Each is there while somebody remembers something of it: of most of a large cluster's services nobody here calls
/// any, and what is in no group costs nothing to keep up.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    services: Kind<String>,
    contracts: Kind<String>,
    /// A node's change with all that is said of it, as soon as somebody asks. Nobody is in these.
    nodes: Kind<NodeId>,
}

/// Those of one kind. They are looked up, never gone through in order.
#[derive(Debug)]
struct Kind<K>(RwLock<Found<K>>);

#[derive(Debug)]
struct Found<K> {
    by_key: HashMap<K, Arc<Group>>,
    /// When there are so many, those that nobody needs are given back.
    tidy_at: usize,
    closed: bool,
}

impl<K> Default for Kind<K> {
    fn default() -> Self {
        Self(RwLock::new(Found { by_key: HashMap::new(), tidy_at: FEW, closed: false }))
    }
}

impl<K: Hash + Eq> Kind<K> {
    fn find<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<Arc<Group>>
    where
        K: std::borrow::Borrow<Q>,
    {
        self.0.read().unwrap_or_else(PoisonError::into_inner).by_key.get(key).cloned()
    }

    /// The group, as `new` makes it if there is none. Whoever calls this keeps others from changing who is to be in it. Those that
    /// nobody needs are kept up to `cheap` in all: as many as cost less memory than it takes work to make them again.
    fn find_or_make<Q: Hash + Eq + ToOwned<Owned = K> + ?Sized>(
        &self,
        key: &Q,
        cheap: usize,
        new: impl FnOnce() -> Group,
    ) -> Arc<Group>
    where
        K: std::borrow::Borrow<Q>,
    {
        let mut found = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if found.by_key.len() >= found.tidy_at.max(cheap) {
            found.by_key.retain(|_, group| Arc::strong_count(group) > 1);
            found.tidy_at = FEW.max(found.by_key.len() * 2);
        }
        let closed = found.closed;
        let group = found.by_key.entry(key.to_owned()).or_insert_with(|| Arc::new(new()));
        if closed {
            group.close();
        }
        Arc::clone(group)
    }

    fn close(&self) {
        let mut found = self.0.write().unwrap_or_else(PoisonError::into_inner);
        found.closed = true;
        found.by_key.values().for_each(|group| group.close());
    }
}

impl Groups {
    /// Whatever is remembered of any group, now or later, is looked up again.
    pub(crate) fn close(&self) {
        self.services.close();
        self.contracts.close();
        self.nodes.close();
    }

    /// Those whom `interest` names, if somebody has asked for them before.
    pub(crate) fn find(&self, interest: &Interest) -> Option<Arc<Group>> {
        match interest {
            Interest::Service(name) => self.services.find(&**name),
            Interest::Contract(name) => self.contracts.find(&**name),
        }
    }

    /// Those whom `interest` names, of all that are `listed`. Nobody changes these meanwhile. There are `services` in all: making a
    /// group looks at each of them, and so many groups have no more members than a few times that.
    pub(crate) fn of<'a>(
        &self,
        interest: &Interest,
        services: usize,
        listed: impl Iterator<Item = &'a Arc<Instance>>,
    ) -> Arc<Group> {
        match interest {
            Interest::Service(name) => {
                self.services.find_or_make(&**name, services, || Group::of(listed.filter(|it| is_named(it, name))))
            }
            Interest::Contract(name) => {
                self.contracts.find_or_make(&**name, services, || Group::of(listed.filter(|it| fulfils(it, name))))
            }
        }
    }

    /// Changes with everything that is said of a node.
    pub(crate) fn of_node(&self, node: NodeId) -> Arc<Group> {
        self.nodes.find(&node).unwrap_or_else(|| self.nodes.find_or_make(&node, 0, Group::default))
    }

    /// Something else is said of a node.
    pub(crate) fn node_changed(&self, node: NodeId, pid: Pid) {
        if let Some(group) = self.nodes.find(&node) {
            group.put(pid, None);
        }
    }

    /// The service `pid` was listed as `old`, and is as `new`.
    pub(crate) fn change(&self, pid: Pid, old: Option<&Instance>, new: Option<&Arc<Instance>>) {
        if let Some(old) = old {
            let name = &*old.identity().name;
            if !new.is_some_and(|new| is_named(new, name)) {
                self.services.put(name, pid, None);
            }
            let left = |contract: &&String| !new.is_some_and(|new| fulfils(new, contract));
            for contract in old.published.contracts.iter().filter(left) {
                self.contracts.put(contract, pid, None);
            }
        }
        if let Some(new) = new {
            self.services.put(&new.identity().name, pid, Some(new));
            for contract in &new.published.contracts {
                self.contracts.put(contract, pid, Some(new));
            }
        }
        self.node_changed(pid.node.id, pid);
    }
}

fn is_named(instance: &Instance, name: &str) -> bool {
    instance.identity().name == name
}

fn fulfils(instance: &Instance, contract: &str) -> bool {
    instance.published.contracts.iter().any(|other| other == contract)
}

impl Kind<String> {
    /// Enters somebody into a group, takes a new state, or removes it; where nobody has asked for the group there is nothing to
    /// be done.
    fn put(&self, name: &str, pid: Pid, instance: Option<&Arc<Instance>>) {
        if let Some(group) = self.find(name) {
            group.put(pid, instance.cloned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How often all were looked through, of 5,000 services, for names that are asked for in turn and remembered by nobody.
    fn looked_through(names: usize) -> usize {
        let (groups, looked) = (Groups::default(), std::cell::Cell::new(0));
        for name in (0..names).chain(0..names) {
            let listed = std::iter::from_fn(|| {
                looked.set(looked.get() + 1);
                None
            });
            let interest = Interest::Service(format!("Service{name}").into());
            groups.find(&interest).unwrap_or_else(|| groups.of(&interest, 5_000, listed));
        }
        looked.get()
    }

    #[test]
    fn names_that_are_used_in_turn_are_not_looked_for_among_all_again_and_again() {
        assert_eq!(looked_through(2_000), 2_000);
        assert_eq!(looked_through(5_000), 5_000);
    }

    #[test]
    fn groups_that_nobody_needs_are_given_back() {
        let groups = Groups::default();
        let kept: Vec<_> = (0..100).map(|number| groups.of_node(NodeId(number))).collect();
        for number in 100..10_000 {
            groups.of_node(NodeId(number));
        }
        let found = groups.nodes.0.read().unwrap();
        assert!(found.by_key.len() < 300, "there are {}", found.by_key.len());
        assert!(kept.iter().enumerate().all(|(number, it)| Arc::ptr_eq(&found.by_key[&NodeId(number as u64)], it)));
    }
}
