//! All groups of a directory, found by what they have in common.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, PoisonError, RwLock},
};

use super::{Group, Instance, Interest};
use crate::id::{NodeId, Pid};

/// Fewer than these are not looked through for such as nobody needs.
const FEW: usize = 64;

/// The groups. Each is there while somebody is in it, or remembers something of it.
#[derive(Debug, Default)]
pub(super) struct Groups {
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

    fn find_or_make<Q: Hash + Eq + ToOwned<Owned = K> + ?Sized>(&self, key: &Q) -> Arc<Group>
    where
        K: std::borrow::Borrow<Q>,
    {
        if let Some(group) = self.find(key) {
            return group;
        }
        let mut found = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if found.by_key.len() >= found.tidy_at {
            found.by_key.retain(|_, group| Arc::strong_count(group) > 1 || !group.read().is_empty());
            found.tidy_at = FEW.max(found.by_key.len() * 2);
        }
        let closed = found.closed;
        let group = found.by_key.entry(key.to_owned()).or_default();
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
    pub(super) fn close(&self) {
        self.services.close();
        self.contracts.close();
        self.nodes.close();
    }

    /// Those whom `interest` names.
    pub(super) fn of(&self, interest: &Interest) -> Arc<Group> {
        match interest {
            Interest::Service(name) => self.services.find_or_make(&**name),
            Interest::Contract(name) => self.contracts.find_or_make(&**name),
        }
    }

    /// Changes with everything that is said of a node.
    pub(super) fn of_node(&self, node: NodeId) -> Arc<Group> {
        self.nodes.find_or_make(&node)
    }

    /// Something else is said of a node.
    pub(super) fn node_changed(&self, node: NodeId, pid: Pid) {
        if let Some(group) = self.nodes.find(&node) {
            group.put(pid, None);
        }
    }

    /// The service `pid` was listed as `old`, and is as `new`.
    pub(super) fn change(&self, pid: Pid, old: Option<&Instance>, new: Option<&Arc<Instance>>) {
        let names = |it: &Instance, name: &str| it.identity.name == name;
        let fulfils = |it: &Instance, contract: &str| it.contracts.iter().any(|other| other == contract);
        if let Some(old) = old {
            let name = &*old.identity.name;
            if !new.is_some_and(|new| names(new, name)) {
                self.services.leave(name, pid);
            }
            for contract in old.contracts.iter().filter(|it| !new.is_some_and(|new| fulfils(new, it))) {
                self.contracts.leave(contract, pid);
            }
        }
        if let Some(new) = new {
            self.services.find_or_make(&*new.identity.name).put(pid, Some(Arc::clone(new)));
            for contract in new.contracts.iter() {
                self.contracts.find_or_make(&**contract).put(pid, Some(Arc::clone(new)));
            }
        }
        self.node_changed(pid.node.id, pid);
    }
}

impl Kind<String> {
    fn leave(&self, name: &str, pid: Pid) {
        if let Some(group) = self.find(name) {
            group.put(pid, None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
