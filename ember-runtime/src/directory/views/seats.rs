//! What the instances of elected services are in their groups, as the registry says who holds the offices.

use std::{collections::BTreeSet, sync::Arc};

use super::{listing::Listing, node_directory::Directory, offices::Offices};
use crate::{
    directory::{
        instances::{Instance, Selector},
        records::{ClaimRecord, EpochRecord, MasterRecord, RoundRecord, Written},
    },
    id::Pid,
    office::{OfficeName, Shown},
    replica::Member,
};

impl Listing {
    /// The same instance, with what it is in its group, if its service is elected.
    pub(super) fn seated(&mut self, instance: Arc<Instance>) -> Arc<Instance> {
        let Some(office) = &instance.published.office else { return instance };
        let standing = Some(self.offices.join(office, instance.pid));
        if standing == instance.standing {
            return instance;
        }
        Arc::new(Instance { standing, ..Instance::clone(&instance) })
    }

    pub(super) fn unseat(&mut self, pid: Pid) {
        if let Some(office) = self.services.get(&pid).and_then(|it| it.published.office.as_ref()) {
            self.offices.part(office, pid);
        }
    }

    /// The registry has another master of an office, or none.
    pub(crate) fn put_master(&mut self, office: &OfficeName, master: Option<Written<MasterRecord>>) {
        let members = self.offices.put_master(office, master);
        self.seat_anew(members);
    }

    /// The registry has another epoch of an office, or none.
    pub(crate) fn put_epoch(&mut self, office: &OfficeName, epoch: Option<Written<EpochRecord>>) {
        let members = self.offices.put_epoch(office, epoch);
        self.seat_anew(members);
    }

    /// The registry has another round of claims to an office, or none.
    pub(crate) fn put_round(&mut self, office: &OfficeName, round: Option<Written<RoundRecord>>) {
        self.changed |= !self.offices.put_round(office, round).is_empty();
    }

    /// A member of the group claims something else, or nothing.
    pub(crate) fn put_claim(&mut self, office: &OfficeName, by: Member, claim: Option<Written<ClaimRecord>>) {
        self.changed |= !self.offices.put_claim(office, by, claim).is_empty();
    }

    fn seat_anew(&mut self, members: BTreeSet<Pid>) {
        // Who waits for an office to be free looks at more than the members' standing.
        self.changed |= !members.is_empty();
        for pid in members {
            let instance = self.services.get(&pid).map(Arc::clone);
            if instance.is_some() {
                self.list(pid, instance);
            }
        }
    }

    /// How much of a group's state the clients here have seen.
    pub(super) fn shown(&mut self, office: &OfficeName) -> Arc<Shown> {
        self.offices.shown(office)
    }

    pub(super) fn offices(&self) -> &Offices {
        &self.offices
    }
}

impl Directory {
    /// The replicated group that a selector is for, whoever of it is to answer, and what clients here have seen of it.
    pub(crate) fn replicated(&self, selector: &Selector) -> Option<(OfficeName, Arc<Shown>)> {
        let group = self.group(&selector.interest);
        let members = group.read();
        members.iter().filter(|it| selector.names(it)).find_map(|it| {
            let office = it.published.office.as_ref()?;
            Some((office.clone(), Arc::clone(it.shown()?)))
        })
    }
}
