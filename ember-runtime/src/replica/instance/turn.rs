//! What its service does, in its turn.

use std::{mem, sync::atomic::Ordering};

use bytes::Bytes;

use super::{Due, Inner, Part, Replica};
use crate::{
    id::Epoch,
    message::{Settled, Settles},
    planted::{Bug, planted},
    replica::{Follower, Point, rules},
};

impl Replica {
    /// Enters a record; nobody gets it before it is [opened](Self::open). Its index; nothing if this is not the master of that epoch. Its service
    /// applies its entries now, if it has any, and says when it [has](Self::has_entered).
    pub(crate) fn enter(&self, epoch: Epoch, entries: Vec<Bytes>, notes: Bytes) -> Option<u64> {
        let mut inner = self.lock();
        let applies = !entries.is_empty();
        let index = match &mut inner.part {
            Part::Leads(leader) if rules::may_commit(epoch.number(), Some(leader.epoch().number())) => {
                leader.append_with(entries, notes)
            }
            _ => return None,
        };
        inner.applies = applies.then_some(Point { epoch, index });
        Some(index)
    }

    /// Adds to the last record what became of the call whose entries it has, or, if others may have that record already, enters one with nothing
    /// else. Its index; nothing if this is not the master of that epoch.
    pub(crate) fn conclude(&self, epoch: Epoch, notes: Bytes) -> Option<u64> {
        let Inner { part, album, .. } = &mut *self.lock();
        match part {
            Part::Leads(leader) if rules::may_commit(epoch.number(), Some(leader.epoch().number())) => {
                // A picture of the last record has it as it is.
                let last = leader.held().log().last().index;
                let is_pictured = album.index() == Some(last);
                let amended = if is_pictured { None } else { leader.amend(&notes, self.largest) };
                Some(amended.unwrap_or_else(|| leader.append_with(Vec::new(), notes)))
            }
            _ => None,
        }
    }

    /// The number of the last call that its group owes, or has owed, to another service.
    pub(crate) fn owed(&self) -> u64 {
        self.owes.load(Ordering::Acquire)
    }

    /// Its service has found that it is this.
    pub(crate) fn owes(&self, number: u64) {
        self.owes.store(number, Ordering::Release);
    }

    /// The record that was entered last is in the state, and has come to this.
    pub(crate) fn has_entered(&self, came_to: u32) {
        let mut inner = self.lock();
        let applied = inner.applies.take();
        match &mut inner.part {
            Part::Leads(leader) if applied.is_some_and(|applied| leader.held().log().last() == applied) => {
                leader.came_to(came_to);
            }
            _ => {}
        }
    }

    /// All that was entered has been applied, and may go to the others.
    pub(crate) fn open(&self) {
        if !matches!(&self.lock().part, Part::Leads(leader) if leader.has_closed()) {
            return;
        }
        self.change(|Inner { part, album, .. }| {
            let last = part.held().log().last().index;
            part.has_applied(last, album.index(), self.terms.kept);
            if let Part::Leads(leader) = part {
                leader.open(last);
            }
        });
    }

    /// The index of the last record, if its service has what is not acknowledged, or if something that was made before has not left yet.
    pub(crate) fn last_unsettled(&self) -> Option<u64> {
        self.lock().last_unsettled()
    }

    /// Whether what leaves it waits. Of one that was deposed nobody knows whether what it answers from is there any more, also where nothing
    /// waits.
    pub(super) fn holds_back_in(&self, inner: &Inner) -> bool {
        self.terms.waits || matches!(inner.part, Part::Follows(_))
    }

    fn unsettled_if_held_back(&self) -> Option<u64> {
        let inner = self.lock();
        inner.last_unsettled().filter(|_| self.holds_back_in(&inner))
    }

    /// Its right to act has ended, and may come back: nobody waits for that. What waits does not leave any more.
    pub(crate) fn gives_up(&self) {
        if self.lock().leaving.has_waiting() {
            self.change_quietly(|inner| inner.leaving.give_up());
            self.tell();
        }
    }

    /// Tells `then` when the record of this index has been acknowledged, or when nobody will know that here.
    pub(crate) fn tell_when_settled(&self, index: u64, then: Settled) {
        let mut inner = self.lock();
        let known = match &inner.part {
            Part::Leads(leader) if leader.acknowledged() < index => None,
            Part::Leads(_) => Some(true),
            Part::Follows(follower) => {
                let is_gone = follower.is_deposed() || follower.has_dropped();
                Some(!is_gone && index <= follower.held().commit())
            }
        };
        match known {
            None => inner.leaving.wait(index, then),
            Some(known) if inner.leaving.has_some() => {
                inner.leaving.follow(then, known);
                drop(inner);
                // Whoever was to tell may have ended meanwhile.
                self.tell();
            }
            Some(known) => {
                drop(inner);
                then(known);
            }
        }
    }

    /// The record after which its service has the state of this incarnation; nothing, if it has that no more.
    pub(crate) fn point_of(&self, incarnation: u32, applied: u64) -> Option<Point> {
        let inner = self.lock();
        let is_its_own = inner.part.me().incarnation == incarnation && inner.learnt.is_none();
        inner.part.held().log().point_at(applied).filter(|_| is_its_own)
    }

    /// What its service, which has the state of this incarnation as it was after the record `applied`, has to do next.
    pub(crate) fn due(&self, incarnation: u32, applied: u64) -> Due {
        self.owed.store(false, Ordering::Release);
        let mut inner = self.lock();
        let now = inner.part.me().incarnation;
        if inner.learnt.is_some() || incarnation != now {
            if let Part::Follows(follower) = &mut inner.part {
                follower.is_taken();
            }
            let learnt = inner.learnt.take();
            inner.is_sized(learnt.as_ref().map_or(0, |learnt| learnt.bytes.len()));
            return learnt.map_or(Due::Empty(now), |learnt| Due::Take(now, learnt));
        }
        let Inner { part, album, .. } = &mut *inner;
        part.has_applied(applied, album.index(), self.terms.kept);
        let held = inner.part.held();
        let commit = if planted(Bug::ApplyOnReceipt) { held.log().last().index } else { held.commit() };
        match inner.part.held().log().after(applied, commit, usize::MAX) {
            Some(records) if !records.is_empty() => Due::Apply(applied + 1, records),
            _ => Due::Nothing,
        }
    }

    /// Its state is not what the log says, and is lost: it comes back as another, with nothing. If it has a journal, it takes part no more: what is
    /// there is not lost, and whoever is started on it begins with that.
    pub(crate) fn lose(&self) {
        if self.is_kept() {
            return self.breaks("what is in it could not be applied by this build");
        }
        self.forget();
        self.tell();
    }

    /// It drops its state, and what its journal has: it comes back as another, with nothing. Whoever waited is told by the next [`tell`](Self::tell).
    pub(crate) fn forget(&self) {
        self.change_quietly(|inner| {
            let me = inner.part.me();
            let part = mem::replace(&mut inner.part, Part::Follows(Follower::new(me)));
            let follower = match part {
                Part::Leads(leader) => leader.depose(true),
                Part::Follows(follower) => follower,
            };
            (inner.learnt, inner.applies) = (None, None);
            inner.part = Part::Follows(follower.lost());
        });
        self.parts.send_replace(());
        // Its master knows it as the one that had a state, and would hear of it with the next record only.
        if let Some(place) = self.place.get() {
            (place.asks)();
        }
    }

    /// Whether it is the master of this epoch.
    pub(crate) fn leads(&self, epoch: Option<Epoch>) -> bool {
        epoch.is_some_and(|epoch| self.lock().part.leads(epoch).is_some())
    }

    /// Whether so much of what it has done as the master is not acknowledged that it begins nothing more.
    pub(crate) fn is_full(&self) -> bool {
        matches!(&self.lock().part, Part::Leads(leader) if leader.is_full())
    }

    /// How many are in sync, and how many must be, where those are too few for it to begin anything as the master.
    pub(crate) fn too_few(&self) -> Option<(usize, usize)> {
        let least = self.terms.min_in_sync;
        if least <= 1 {
            return None;
        }
        match &self.lock().part {
            Part::Leads(leader) => leader.too_few().map(|in_sync| (in_sync, least)),
            Part::Follows(_) => None,
        }
    }
}

impl Inner {
    pub(super) fn last_unsettled(&self) -> Option<u64> {
        let leaves = self.leaving.has_some();
        let last = self.part.held().log().last().index;
        match &self.part {
            Part::Leads(leader) => (leaves || last > leader.acknowledged()).then_some(last),
            Part::Follows(follower) if follower.is_deposed() || follower.has_dropped() => Some(last),
            Part::Follows(follower) => leaves.then(|| follower.held().commit()),
        }
    }
}

impl Settles for Replica {
    fn unsettled(&self) -> Option<u64> {
        self.open();
        self.unsettled_if_held_back()
    }

    fn seen(&self) -> Option<u64> {
        self.unsettled_if_held_back()
    }

    fn unacknowledged(&self) -> Option<u64> {
        self.open();
        self.last_unsettled()
    }

    fn is_full(&self) -> bool {
        self.lock().leaving.is_full()
    }

    fn when_settled(&self, index: u64, then: Settled) {
        self.tell_when_settled(index, then);
    }
}
