//! What its service does, in its turn.

use super::*;

impl Replica {
    /// Enters a record; nobody gets it before it is [opened](Self::open). Its index; nothing if this is not the master of that epoch.
    pub(crate) fn enter(&self, epoch: Epoch, entries: Vec<Bytes>, notes: Bytes) -> Option<u64> {
        match &mut self.lock().part {
            Part::Leads(leader) if rules::may_commit(epoch.number(), Some(leader.epoch().number())) => {
                Some(leader.append_with(entries, notes))
            }
            _ => None,
        }
    }

    /// Adds to the last record what became of the call whose entries it has, or, if others may have that record already, enters one with nothing
    /// else. Its index; nothing if this is not the master of that epoch.
    pub(crate) fn conclude(&self, epoch: Epoch, notes: Bytes) -> Option<u64> {
        match &mut self.lock().part {
            Part::Leads(leader) if rules::may_commit(epoch.number(), Some(leader.epoch().number())) => {
                let amended = leader.amend(&notes, self.largest);
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

    /// All that was entered has been applied, and may go to the others.
    pub(crate) fn open(&self) {
        let mut inner = self.lock();
        let Inner { part, .. } = &mut *inner;
        let last = match part {
            Part::Leads(leader) if leader.has_closed() => leader.held().log().last().index,
            _ => return,
        };
        part.has_applied(last);
        if let Part::Leads(leader) = part {
            leader.open(last);
        }
        drop(inner);
        self.change(|_| ());
    }

    /// The index of the last record, if its service has what is not acknowledged.
    pub(crate) fn last_unsettled(&self) -> Option<u64> {
        match &self.lock().part {
            Part::Leads(leader) => Some(leader.held().log().last().index).filter(|last| *last > leader.acknowledged()),
            Part::Follows(follower) => follower.is_deposed().then(|| follower.held().log().last().index),
        }
    }

    /// Whether what leaves it waits. Of one that was deposed nobody knows whether what it answers from is there any more, also where nothing
    /// waits.
    fn holds_back(&self) -> bool {
        self.terms.waits || matches!(self.lock().part, Part::Follows(_))
    }

    /// Tells `then` when the record of this index has been acknowledged, or when nobody will know that here.
    pub(crate) fn tell_when_settled(&self, index: u64, then: Settled) {
        let mut inner = self.lock();
        let known = match &inner.part {
            Part::Leads(leader) if leader.acknowledged() < index => None,
            Part::Leads(_) => Some(true),
            Part::Follows(_) => Some(false),
        };
        match known {
            None => inner.waiting.entry(index).or_default().push(then),
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
        if let Some(learnt) = inner.learnt.take() {
            return Due::Take(now, learnt);
        }
        if incarnation != now {
            return Due::Empty(now);
        }
        inner.part.has_applied(applied);
        let held = inner.part.held();
        let commit = if planted(Bug::ApplyOnReceipt) { held.log().last().index } else { held.commit() };
        match inner.part.held().log().after(applied, commit, usize::MAX) {
            Some(records) if !records.is_empty() => Due::Apply(applied + 1, records),
            _ => Due::Nothing,
        }
    }

    /// Its state is not what the log says, and is lost: it comes back as another, with nothing.
    pub(crate) fn lose(&self) {
        self.change(|inner| {
            let me = inner.part.me();
            let part = mem::replace(&mut inner.part, Part::Follows(Follower::new(me)));
            let follower = match part {
                Part::Leads(leader) => leader.depose(true),
                Part::Follows(follower) => follower,
            };
            inner.learnt = None;
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
                !follower.has_state() || follower.is_deposed() || self.spare.load(Ordering::Relaxed)
            }
            Part::Leads(_) => false,
        }
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

    fn when_settled(&self, index: u64, then: Settled) {
        self.tell_when_settled(index, then);
    }
}
