//! The offices of a cluster: who holds them, the highest epoch of each, and who might hold it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Weak},
};

use crate::{
    directory::{
        instances::{OfficeSeen, Standing},
        records::{ClaimRecord, EpochRecord, MasterRecord, OfficePart, RoundRecord, Written},
    },
    id::{Epoch, NodeKey, Pid},
    office::{OfficeName, Role, Shown},
    replica::Member,
};

/// All that are known.
#[derive(Debug, Default)]
pub(super) struct Offices {
    by_name: BTreeMap<OfficeName, Office>,
    /// How much the clients here have seen of replicated groups, as long as anybody wants to know.
    shown: BTreeMap<OfficeName, Weak<Shown>>,
}

#[derive(Debug, Default)]
struct Office {
    /// What the registry has.
    master: Option<Written<MasterRecord>>,
    epoch: Option<Written<EpochRecord>>,
    round: Option<Written<RoundRecord>>,
    claims: BTreeMap<Member, Written<ClaimRecord>>,
    /// Shared with those who call its master.
    seen: Arc<OfficeSeen>,
    /// The master of that, if it was seen.
    last: Option<MasterRecord>,
    /// The instances of the group that are listed.
    members: BTreeSet<Pid>,
    /// As whom they take part, where that is not by their pid.
    names: BTreeMap<Pid, Pid>,
}

/// What is known of one office.
#[derive(Debug, Clone, Default)]
pub(crate) struct OfficeNow {
    pub(crate) master: Option<Written<MasterRecord>>,
    pub(crate) epoch: Option<Written<EpochRecord>>,
    /// The round that claims answer.
    pub(crate) round: Option<Written<RoundRecord>>,
    /// What the members of a replicated group say that they have.
    pub(crate) claims: BTreeMap<Member, Written<ClaimRecord>>,
    /// The highest epoch that was ever seen.
    pub(crate) highest: Option<Epoch>,
    /// The last master that was seen, if that was in this epoch.
    pub(crate) last: Option<MasterRecord>,
    pub(crate) members: Vec<Pid>,
    /// As whom those take part who go on from a journal.
    pub(crate) names: BTreeMap<Pid, Pid>,
}

impl OfficeNow {
    /// The epoch that the registry has.
    pub(crate) fn recorded(&self) -> Option<Epoch> {
        self.epoch.as_ref().map(|it| it.record.epoch)
    }

    /// Whether the view shows this election.
    pub(crate) fn is_held_by(&self, pid: Pid, epoch: Epoch) -> bool {
        self.master.is_some_and(|it| it.record.pid == pid && it.record.epoch == epoch)
    }
}

impl Office {
    fn is_empty(&self) -> bool {
        let nothing = self.master.is_none() && self.epoch.is_none() && self.round.is_none();
        nothing && self.claims.is_empty() && self.members.is_empty()
    }

    fn raise(&mut self, epoch: Epoch, master: Option<MasterRecord>) {
        let known = self.seen.raise(epoch);
        if known < Some(epoch) || (known == Some(epoch) && master.is_some()) {
            self.last = master;
        }
    }

    /// Callers are told why there is no master.
    fn tell(&self) {
        // Most offices are not those of replicated groups.
        let replicated = !self.claims.is_empty() || self.epoch.as_ref().is_some_and(|it| it.record.group.is_some());
        self.seen.is_replicated(replicated);
        let why = if replicated { self.now().vacancy() } else { None };
        self.seen.is_vacant(why.map(|why| why.to_string()));
    }

    fn now(&self) -> OfficeNow {
        OfficeNow {
            master: self.master,
            epoch: self.epoch.clone(),
            round: self.round,
            claims: self.claims.clone(),
            highest: self.seen.highest(),
            last: self.last,
            members: self.members.iter().copied().collect(),
            names: self.names.clone(),
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
    fn office(&mut self, name: &OfficeName) -> &mut Office {
        if !self.by_name.contains_key(name) {
            let seen = Arc::new(OfficeSeen::of(self.shown(name)));
            self.by_name.insert(name.clone(), Office { seen, ..Office::default() });
        }
        self.by_name.entry(name.clone()).or_default()
    }

    /// How much of a group's state the clients here have seen.
    pub(super) fn shown(&mut self, name: &OfficeName) -> Arc<Shown> {
        if let Some(shown) = self.shown.get(name).and_then(Weak::upgrade) {
            return shown;
        }
        self.shown.retain(|_, shown| shown.strong_count() > 0);
        let shown = Arc::default();
        self.shown.insert(name.clone(), Arc::downgrade(&shown));
        shown
    }

    /// An instance is listed: what it is.
    pub(super) fn join(&mut self, office: &OfficeName, pid: Pid, name: Option<Pid>) -> Standing {
        let office = self.office(office);
        office.members.insert(pid);
        if let Some(name) = name {
            office.names.insert(pid, name);
        }
        office.tell();
        office.standing(pid)
    }

    /// An instance is listed no more.
    pub(super) fn part(&mut self, name: &OfficeName, pid: Pid) {
        let Some(office) = self.by_name.get_mut(name) else { return };
        office.members.remove(&pid);
        office.names.remove(&pid);
        office.tell();
        if office.is_empty() {
            self.by_name.remove(name);
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

    /// The registry has another round of claims, or none.
    pub(super) fn put_round(&mut self, name: &OfficeName, round: Option<Written<RoundRecord>>) -> BTreeSet<Pid> {
        self.change(name, |office| office.round = round)
    }

    /// A member claims something else, or nothing.
    pub(super) fn put_claim(
        &mut self,
        name: &OfficeName,
        by: Member,
        claim: Option<Written<ClaimRecord>>,
    ) -> BTreeSet<Pid> {
        self.change(name, |office| match claim {
            Some(claim) => drop(office.claims.insert(by, claim)),
            None => drop(office.claims.remove(&by)),
        })
    }

    fn change(&mut self, name: &OfficeName, change: impl FnOnce(&mut Office)) -> BTreeSet<Pid> {
        let office = self.office(name);
        change(office);
        office.tell();
        let members = office.members.clone();
        if office.is_empty() {
            self.by_name.remove(name);
        }
        members
    }

    pub(super) fn now(&self, name: &OfficeName) -> OfficeNow {
        self.by_name.get(name).map(Office::now).unwrap_or_default()
    }

    /// Those that the registry gives to services of a run of a node.
    pub(super) fn at(&self, node: NodeKey) -> Vec<(OfficeName, Written<MasterRecord>)> {
        let of = self.by_name.iter().filter_map(|(name, office)| Some((name, office.master?)));
        of.filter(|(_, it)| it.record.pid.node == node).map(|(name, it)| (name.clone(), it)).collect()
    }

    /// How many offices each node holds.
    pub(super) fn held(&self) -> BTreeMap<NodeKey, usize> {
        let mut held = BTreeMap::new();
        for master in self.by_name.values().filter_map(Office::present) {
            *held.entry(master.pid.node).or_default() += 1;
        }
        held
    }

    /// What the registry has of them.
    pub(super) fn written(&self) -> BTreeSet<(OfficeName, OfficePart)> {
        let parts = |office: &Office| {
            let claims = office.claims.keys().copied().map(OfficePart::Claim).map(Some);
            let others = [
                office.master.map(|_| OfficePart::Master),
                office.epoch.as_ref().map(|_| OfficePart::Epoch),
                office.round.map(|_| OfficePart::Round),
            ];
            others.into_iter().chain(claims).flatten().collect::<Vec<_>>()
        };
        let named = |(name, office)| parts(office).into_iter().map(move |part| (OfficeName::clone(name), part));
        self.by_name.iter().flat_map(named).collect()
    }
}
