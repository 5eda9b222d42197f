//! A member that takes what a master ships.

use std::collections::BTreeSet;

use super::{Answer, Batch, Held, InSync, Kind, Member, Point, journal::change::Known, rules};
use crate::id::{Epoch, Pid};

/// A member that is not the master. It may be without state (it learns), or have been a master (deposed).
#[derive(Debug)]
pub(crate) struct Follower {
    me: Member,
    /// By what others reach it.
    at: Pid,
    /// The highest that it follows or has led.
    epoch: Epoch,
    master: Option<Member>,
    set: InSync,
    held: Held,
    /// Up to here its log is known to be that of the master of this epoch; 0: nothing is known yet.
    matched: u64,
    has_state: bool,
    deposed: bool,
    /// It has had a state that is gone, and which its service has still.
    has_dropped: bool,
    /// It goes on from a journal, and has not heard since how much of its log is acknowledged.
    is_back: bool,
    /// It has lost its state since it could not apply a record, and would not again.
    is_unfit: bool,
}

impl Follower {
    /// Without state.
    pub(crate) fn new(me: Member) -> Self {
        Self {
            me,
            at: me.pid,
            epoch: Point::NOTHING.epoch,
            master: None,
            set: InSync::default(),
            held: Held::nothing(),
            matched: 0,
            has_state: false,
            deposed: false,
            has_dropped: false,
            is_back: false,
            is_unfit: false,
        }
    }

    /// What a journal has, as an instance that is reached at this pid.
    pub(super) fn restored(at: Pid, known: Known, held: Held) -> Self {
        let Known { member: me, epoch, set, has_state } = known;
        Self { at, epoch, set, held, has_state, is_back: true, ..Self::new(me) }
    }

    /// Who has led in `epoch`. `deposed`: its state may have what is in no other log.
    pub(super) fn of_master((me, at): (Member, Pid), epoch: Epoch, set: InSync, held: Held, deposed: bool) -> Self {
        let matched = held.log.last().index;
        Self { at, epoch, set, held, matched, has_state: true, deposed, ..Self::new(me) }
    }

    pub(crate) fn me(&self) -> Member {
        self.me
    }

    pub(super) fn at(&self) -> Pid {
        self.at
    }

    pub(crate) fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Whether it knows of no later master than this one, and of no other of that epoch. Who has no state may promise too: it could begin a new
    /// group where the registry has lost this one.
    pub(crate) fn may_promise(&self, (master, epoch): (Member, Epoch)) -> bool {
        epoch > self.epoch || epoch == self.epoch && self.master.is_none_or(|known| known == master)
    }

    /// The in-sync set, as far as this member knows it.
    pub(crate) fn set(&self) -> &InSync {
        &self.set
    }

    pub(crate) fn held(&self) -> &Held {
        &self.held
    }

    /// Whether it has any state: one that learns has none.
    pub(crate) fn has_state(&self) -> bool {
        self.has_state
    }

    /// Whether it goes on from a journal, and has heard of no master since: what it has may be old.
    pub(crate) fn is_back(&self) -> bool {
        self.is_back
    }

    /// Whether it has been a master and waits to be taken out of the set: its state is shown to nobody.
    pub(crate) fn is_deposed(&self) -> bool {
        self.deposed
    }

    /// Whether its service answers from a state that is gone.
    pub(crate) fn has_dropped(&self) -> bool {
        self.has_dropped
    }

    /// Its service has put what there is now in the place of its state.
    pub(crate) fn is_taken(&mut self) {
        self.has_dropped = false;
    }

    /// What it knows of the group, if it has any state: what it stands and claims with.
    pub(crate) fn knows(&self) -> Option<rules::Order> {
        self.has_state.then_some(rules::Order { epoch: self.epoch.number(), version: self.set.version })
    }

    /// The state has this record now. See [`Held::has_applied`]. What is not committed is not applied.
    pub(crate) fn has_applied(&mut self, point: Point) {
        if point.index <= self.held.commit {
            self.held.has_applied(point);
        }
    }

    /// Drops records up to `index`, but none that are not committed and applied.
    pub(crate) fn trim(&mut self, index: u64) {
        self.held.trim(index);
    }

    /// Takes a batch. If [`me`](Self::me) is another incarnation afterwards, the state is dropped: start with an empty one.
    pub(crate) fn receive(&mut self, batch: Batch) -> Answer {
        let epoch = batch.epoch;
        let kind = if batch.to != self.at || !batch.is_possible() {
            self.lacks(batch.previous)
        } else if let Some(kind) = self.refuses(epoch, &batch.members) {
            kind
        } else {
            self.follow(&batch);
            self.take(batch)
        };
        Answer { member: self.me, epoch, kind }
    }

    /// A master of `epoch`, whose set is `set`, gives the state at `point`, which is committed. `Ok`: put it in the place of the state
    /// that is there, and then send the answer. `Err`: leave what is there; the answer says why.
    ///
    /// Who had state takes the next incarnation: nobody has compared that state with the master's.
    ///
    /// # Errors
    ///
    /// The snapshot is not taken: it is of a master of before, or there is nothing in it that is not here.
    pub(crate) fn install(&mut self, from: Member, epoch: Epoch, set: InSync, point: Point) -> Result<Answer, Answer> {
        let members: Vec<Member> = set.members.iter().copied().collect();
        let answer = |me: &Self, kind| Answer { member: me.me, epoch, kind };
        if !point.is_possible(0) || point == Point::NOTHING || point.epoch > epoch {
            return Err(answer(self, self.lacks(point)));
        }
        if let Some(kind) = self.refuses(epoch, &members) {
            return Err(answer(self, kind));
        }
        self.enter(epoch, from, set);
        if self.has_state && self.held.log.point_at(point.index) == Some(point) {
            self.agree(point.index, point.index);
            return Err(answer(self, self.has()));
        }
        if self.has_state && point.index <= self.matched {
            return Err(answer(self, self.has()));
        }
        if self.has_state {
            self.drop_state();
        }
        self.held = Held::snapshot(point);
        self.matched = point.index;
        (self.has_state, self.is_back, self.is_unfit) = (true, false, false);
        Ok(answer(self, self.has()))
    }

    pub(super) fn held_mut(&mut self) -> &mut Held {
        &mut self.held
    }

    pub(super) fn into_held(self) -> Held {
        self.held
    }

    /// Without its state, which was lost: as a new member, who learns that of another.
    pub(crate) fn lost(mut self) -> Self {
        self.drop_state();
        self.is_unfit = true;
        self
    }

    /// Why it does not listen to a master, if it does not. A deposed one that is free drops its state here.
    fn refuses(&mut self, epoch: Epoch, members: &[Member]) -> Option<Kind> {
        if !rules::may_follow(self.epoch.number(), self.deposed, epoch.number()) {
            return Some(Kind::Newer { epoch: self.epoch });
        }
        if self.deposed {
            let named: BTreeSet<Member> = members.iter().copied().collect();
            if !rules::must_drop(&named, None, self.me) {
                return Some(Kind::Deposed);
            }
            self.drop_state();
        }
        None
    }

    fn follow(&mut self, batch: &Batch) {
        let own = rules::Order { epoch: self.epoch.number(), version: self.set.version };
        if rules::may_learn(own, rules::Order { epoch: batch.epoch.number(), version: batch.version }) {
            let set = InSync { version: batch.version, members: batch.members.iter().copied().collect() };
            self.enter(batch.epoch, batch.from, set);
        } else {
            self.master = Some(batch.from);
        }
    }

    fn enter(&mut self, epoch: Epoch, master: Member, set: InSync) {
        if epoch > self.epoch {
            self.matched = 0;
            self.set = InSync::default();
        }
        self.epoch = epoch;
        self.master = Some(master);
        if set.version >= self.set.version {
            self.set = set;
        }
    }

    fn take(&mut self, batch: Batch) -> Kind {
        let (previous, upto, commit) = (batch.previous, batch.upto(), batch.commit);
        if !self.has_state {
            if self.is_unfit {
                return Kind::Unfit;
            }
            if previous != Point::NOTHING {
                return Kind::Empty;
            }
            self.has_state = true;
        }
        // A master's log only grows. Where nothing is known of it yet, it lacked this when the master began.
        if self.matched == 0 && batch.end.max(upto) < self.held.kept() {
            return self.give_up();
        }
        // What has been trimmed here cannot be compared any more: the base stands for it.
        let base = self.held.log.base().index;
        let skip = usize::try_from(base.saturating_sub(previous.index)).unwrap_or(usize::MAX);
        if skip > batch.records.len() {
            return if self.matched > 0 { self.has() } else { self.lacks(previous) };
        }
        let joint = match skip.checked_sub(1) {
            Some(last) => Point { epoch: batch.records[last].epoch, index: base },
            None => previous,
        };
        match self.held.log.epoch_at(joint.index) {
            Some(epoch) if epoch == joint.epoch => {}
            Some(_) if self.is_lost_at(joint.index) => return self.give_up(),
            _ => return self.lacks(previous),
        }
        for (index, record) in (joint.index + 1..).zip(batch.records.into_iter().skip(skip)) {
            match self.held.log.epoch_at(index) {
                Some(epoch) if epoch == record.epoch => continue,
                Some(_) if self.is_lost_at(index) => return self.give_up(),
                Some(_) if index <= self.matched => return self.lacks(previous),
                Some(_) => self.held.log.cut(index - 1),
                None => {}
            }
            self.held.log.append(record);
        }
        self.agree(upto, commit);
        self.has()
    }

    /// Whether a record there that differs from the master's means that the state is not one of the master's group. (What the same master
    /// has said before cannot be: then it is the batch that is wrong.)
    fn is_lost_at(&self, index: u64) -> bool {
        index <= self.held.kept() && index > self.matched
    }

    /// The log is that of the master up to `upto`, which the master says is acknowledged up to `commit`.
    fn agree(&mut self, upto: u64, commit: u64) {
        self.matched = self.matched.max(upto);
        self.is_back = false;
        self.held.commit = self.held.commit.max(commit.min(self.matched));
    }

    fn has(&self) -> Kind {
        Kind::Has { upto: self.matched, version: self.set.version }
    }

    fn lacks(&self, previous: Point) -> Kind {
        let log = &self.held.log;
        Kind::Lacks { previous: previous.index, applied: log.point_at(self.held.kept()).unwrap_or(log.base()) }
    }

    fn give_up(&mut self) -> Kind {
        self.drop_state();
        Kind::Empty
    }

    /// As a new member, since what it has acknowledged is gone.
    fn drop_state(&mut self) {
        self.has_dropped = self.has_state || self.has_dropped;
        self.me = self.me.reborn();
        self.held = Held::nothing();
        self.matched = 0;
        self.has_state = false;
        self.deposed = false;
        self.is_back = false;
    }
}
