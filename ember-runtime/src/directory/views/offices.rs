//! The offices of a cluster: who holds them, the highest epoch of each, and who might hold it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::{
    directory::{
        instances::{OfficeSeen, Standing},
        records::{EpochRecord, MasterRecord, Written},
    },
    id::{Epoch, NodeKey, Pid},
    office::{OfficeName, Role},
};

/// All that are known.
#[derive(Debug, Default)]
pub(super) struct Offices(BTreeMap<OfficeName, Office>);

#[derive(Debug, Default)]
struct Office {
    /// What the registry has.
    master: Option<Written<MasterRecord>>,
    epoch: Option<Written<EpochRecord>>,
    /// Shared with those who call its master.
    seen: Arc<OfficeSeen>,
    /// The master of that, if it was seen.
    last: Option<MasterRecord>,
    /// The instances of the group that are listed.
    members: BTreeSet<Pid>,
}

/// What is known of one office.
#[derive(Debug, Clone, Default)]
pub(crate) struct OfficeNow {
    pub(crate) master: Option<Written<MasterRecord>>,
    pub(crate) epoch: Option<Written<EpochRecord>>,
    /// The highest epoch that was ever seen.
    pub(crate) highest: Option<Epoch>,
    /// The last master that was seen, if that was in this epoch.
    pub(crate) last: Option<MasterRecord>,
    pub(crate) members: Vec<Pid>,
}

impl Office {
    fn is_empty(&self) -> bool {
        self.master.is_none() && self.epoch.is_none() && self.members.is_empty()
    }

    fn raise(&mut self, epoch: Epoch, master: Option<MasterRecord>) {
        let known = self.seen.raise(epoch);
        if known < Some(epoch) || (known == Some(epoch) && master.is_some()) {
            self.last = master;
        }
    }

    /// The master, unless it is known to be one of the past.
    fn present(&self) -> Option<MasterRecord> {
        let master = self.master?.record;
        (Some(master.epoch) >= self.seen.highest()).then_some(master)
    }

    fn standing(&self, pid: Pid) -> Standing {
        let role = if self.present().is_some_and(|master| master.pid == pid) { Role::Master } else { Role::Slave };
        Standing { role, epoch: self.seen.highest(), office: Arc::clone(&self.seen) }
    }
}

impl Offices {
    /// An instance is listed: what it is.
    pub(super) fn join(&mut self, office: &OfficeName, pid: Pid) -> Standing {
        let office = match self.0.get_mut(office) {
            Some(known) => known,
            None => self.0.entry(office.clone()).or_default(),
        };
        office.members.insert(pid);
        office.standing(pid)
    }

    /// An instance is listed no more.
    pub(super) fn part(&mut self, name: &OfficeName, pid: Pid) {
        let Some(office) = self.0.get_mut(name) else { return };
        office.members.remove(&pid);
        if office.is_empty() {
            self.0.remove(name);
        }
    }

    /// The registry has another master, or none. Those whose standing may have changed.
    pub(super) fn put_master(&mut self, name: &OfficeName, master: Option<Written<MasterRecord>>) -> BTreeSet<Pid> {
        self.change(name, |office| {
            office.master = master;
            if let Some(Written { record, .. }) = master {
                office.raise(record.epoch, Some(record));
            }
        })
    }

    /// The registry has another epoch, or none.
    pub(super) fn put_epoch(&mut self, name: &OfficeName, epoch: Option<Written<EpochRecord>>) -> BTreeSet<Pid> {
        self.change(name, |office| {
            if let Some(Written { record, .. }) = &epoch {
                let master = office.master.map(|master| master.record).filter(|it| it.epoch == record.epoch);
                office.raise(record.epoch, master);
            }
            office.epoch = epoch;
        })
    }

    fn change(&mut self, name: &OfficeName, change: impl FnOnce(&mut Office)) -> BTreeSet<Pid> {
        let office = self.0.entry(name.clone()).or_default();
        change(office);
        let members = office.members.clone();
        if office.is_empty() {
            self.0.remove(name);
        }
        members
    }

    pub(super) fn now(&self, name: &OfficeName) -> OfficeNow {
        let Some(office) = self.0.get(name) else { return OfficeNow::default() };
        OfficeNow {
            master: office.master,
            epoch: office.epoch.clone(),
            highest: office.seen.highest(),
            last: office.last,
            members: office.members.iter().copied().collect(),
        }
    }

    /// Those that the registry gives to services of a run of a node.
    pub(super) fn at(&self, node: NodeKey) -> Vec<(OfficeName, Written<MasterRecord>)> {
        let of = self.0.iter().filter_map(|(name, office)| Some((name, office.master?)));
        of.filter(|(_, it)| it.record.pid.node == node).map(|(name, it)| (name.clone(), it)).collect()
    }

    /// How many offices each node holds.
    pub(super) fn held(&self) -> BTreeMap<NodeKey, usize> {
        let mut held = BTreeMap::new();
        for master in self.0.values().filter_map(Office::present) {
            *held.entry(master.pid.node).or_default() += 1;
        }
        held
    }

    /// Those of which the registry has a master, and those of which it has an epoch.
    pub(super) fn written(&self) -> (BTreeSet<OfficeName>, BTreeSet<OfficeName>) {
        let named = |has: fn(&Office) -> bool| {
            self.0.iter().filter(|(_, office)| has(office)).map(|(name, _)| name.clone()).collect()
        };
        (named(|office| office.master.is_some()), named(|office| office.epoch.is_some()))
    }
}
