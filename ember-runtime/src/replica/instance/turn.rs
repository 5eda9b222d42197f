//! What its service does, in its turn.

use std::{mem, sync::atomic::Ordering};

use bytes::Bytes;

use super::{Due, Inner, KEPT_BYTES, Part, Picture, Replica};
use crate::{
    id::Epoch,
    message::{Settled, Settles},
    planted::{Bug, planted},
    replica::{Follower, Point, Record, rules},
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
        let Inner { part, picture, .. } = &mut *self.lock();
        match part {
            Part::Leads(leader) if rules::may_commit(epoch.number(), Some(leader.epoch().number())) => {
                // A picture of the last record has it as it is.
                let last = leader.held().log().last().index;
                let is_pictured = picture.as_ref().is_some_and(|picture| picture.index == last);
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

    /// The record that was entered last is in the state.
    pub(crate) fn has_entered(&self) {
        self.lock().applies = None;
    }

    /// All that was entered has been applied, and may go to the others.
    pub(crate) fn open(&self) {
        if !matches!(&self.lock().part, Part::Leads(leader) if leader.has_closed()) {
            return;
        }
        self.change(|Inner { part, picture, .. }| {
            let last = part.held().log().last().index;
            if !matches!(part, Part::Leads(leader) if leader.is_alone()) {
                *picture = None;
            }
            part.has_applied(last, picture.as_ref(), self.terms.kept);
            if let Part::Leads(leader) = part {
                leader.open(last);
            }
        });
    }

    /// The index of the last record, if its service has what is not acknowledged, or if something that was made before has not left yet.
    pub(crate) fn last_unsettled(&self) -> Option<u64> {
        let inner = self.lock();
        let leaves = inner.leaving.has_some();
        let last = inner.part.held().log().last().index;
        match &inner.part {
            Part::Leads(leader) => (leaves || last > leader.acknowledged()).then_some(last),
            Part::Follows(follower) if follower.is_deposed() || follower.has_dropped() => Some(last),
            Part::Follows(follower) => leaves.then(|| follower.held().commit()),
        }
    }

    /// Whether what leaves it waits. Of one that was deposed nobody knows whether what it answers from is there any more, also where nothing
    /// waits.
    fn holds_back(&self) -> bool {
        self.terms.waits || matches!(self.lock().part, Part::Follows(_))
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

    /// What its service, which has the state of this incarnation as it was after the record `applied`, has to do next.
    pub(crate) fn due(&self, incarnation: u32, applied: u64) -> Due {
        self.owed.store(false, Ordering::Release);
        let mut inner = self.lock();
        let now = inner.part.me().incarnation;
        if inner.learnt.is_some() || incarnation != now {
            if let Part::Follows(follower) = &mut inner.part {
                follower.is_taken();
            }
            return inner.learnt.take().map_or(Due::Empty(now), |learnt| Due::Take(now, learnt));
        }
        let Inner { part, picture, .. } = &mut *inner;
        part.has_applied(applied, picture.as_ref(), self.terms.kept);
        let held = inner.part.held();
        let commit = if planted(Bug::ApplyOnReceipt) { held.log().last().index } else { held.commit() };
        match inner.part.held().log().after(applied, commit, usize::MAX) {
            Some(records) if !records.is_empty() => Due::Apply(applied + 1, records),
            _ => Due::Nothing,
        }
    }

    /// Whether its service is to [keep](Self::keep_picture) its state as it is now: as a master that is alone in sync, whose state nobody else has,
    /// it could not make that again.
    pub(crate) fn wants_picture(&self) -> bool {
        let inner = self.lock();
        let Part::Leads(leader) = &inner.part else { return false };
        let log = leader.held().log();
        let (index, total, size) = match &inner.picture {
            Some(Picture { index, total, bytes }) => (*index, *total, bytes.len()),
            None => (0, 0, 0),
        };
        // Of a large state one is taken less often.
        let is_long = log.total().wrapping_sub(total) > size.max(KEPT_BYTES / 2);
        leader.is_alone() && (is_long || log.last().index.saturating_sub(index) > self.terms.kept / 2)
    }

    /// Whether it could not make its state again if that broke now: it is alone in sync, its log begins too late, and there is no picture.
    pub(crate) fn lacks_picture(&self) -> bool {
        let inner = self.lock();
        let Part::Leads(leader) = &inner.part else { return false };
        leader.is_alone() && inner.picture.is_none() && leader.held().log().base() != Point::NOTHING
    }

    /// Its state after the record of this index.
    pub(crate) fn keep_picture(&self, index: u64, bytes: Bytes) {
        let mut inner = self.lock();
        let total = inner.part.held().log().total();
        inner.picture = Some(Picture { index, total, bytes });
    }

    /// Its service has panicked as it applied the record of this index, which is dropped: of what its state can be made again, a picture and the
    /// records after that. Nothing, if it cannot, or if it is not alone in sync: then another has the state, without that record.
    pub(crate) fn made_of(&self, index: u64) -> Option<(Option<Picture>, Vec<Record>)> {
        let inner = &mut *self.lock();
        let Part::Leads(leader) = &mut inner.part else { return None };
        let picture = inner.picture.clone();
        let after = picture.as_ref().map_or(0, |picture| picture.index);
        let records = leader.held().log().after(after, index - 1, usize::MAX)?;
        leader.forgets(index).then(|| {
            inner.applies = None;
            (picture, records)
        })
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
            (inner.learnt, inner.picture, inner.applies) = (None, None, None);
            inner.part = Part::Follows(follower.lost());
        });
        self.parts.send_replace(());
    }

    /// Whether it is the master of this epoch.
    pub(crate) fn leads(&self, epoch: Option<Epoch>) -> bool {
        epoch.is_some_and(|epoch| self.lock().part.leads(epoch).is_some())
    }

    /// What its service shows is not what was acknowledged, or nobody knows: it has no state, or was deposed, or is sent nothing.
    pub(crate) fn shows_nothing(&self) -> bool {
        match &self.lock().part {
            Part::Follows(follower) => {
                !follower.has_state()
                    || follower.is_deposed()
                    || follower.is_back()
                    || self.spare.load(Ordering::Relaxed)
            }
            Part::Leads(_) => false,
        }
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

impl Settles for Replica {
    fn unsettled(&self) -> Option<u64> {
        let last = self.unacknowledged();
        last.filter(|_| self.holds_back())
    }

    fn seen(&self) -> Option<u64> {
        self.last_unsettled().filter(|_| self.holds_back())
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
