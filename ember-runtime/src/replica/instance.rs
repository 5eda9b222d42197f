//! One instance of a replicated service: its part in its group. Handlers use it in their turn, links and elections at any time.

use std::{
    collections::BTreeMap,
    mem,
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
    },
};

use bytes::Bytes;

use super::{
    Answer, Batch, Follower, Held, InSync, Leader, Member, Point, Record, Terms,
    rules::{self, Order},
};
use crate::{
    id::{Epoch, Pid},
    message::{Settled, Settles},
    planted::{Bug, planted},
    sync::{lock, ordered},
};

/// Those of the entries of a service and of its state.
pub(crate) type Fingerprints = (u64, u64);

/// What one instance has of its group's log.
pub(crate) struct Replica {
    pid: Pid,
    types: Fingerprints,
    terms: Terms,
    /// That another of its group has other types has been said.
    told: AtomicBool,
    inner: Mutex<Inner>,
    /// There is something to send, or to take note of.
    changes: ordered::Sender<()>,
    /// It has become the master, or is that no more; or its set may be to change.
    parts: ordered::Sender<()>,
    /// Its service has been asked to apply what has been committed, and has not begun to.
    owed: AtomicBool,
    /// The record of its group names others, and not it.
    spare: AtomicBool,
}

struct Inner {
    part: Part,
    /// What waits for the record of this index.
    waiting: BTreeMap<u64, Vec<Settled>>,
    /// A state that has been learnt, and that its service has not taken over yet.
    learnt: Option<Learnt>,
}

/// What it does in its group.
enum Part {
    Follows(Follower),
    Leads(Leader),
}

/// A state, as it was at a point of the log.
pub(crate) struct Learnt {
    pub(crate) at: Point,
    pub(crate) bytes: Bytes,
}

/// What its service has to do next to have what is committed.
pub(crate) enum Due {
    Nothing,
    /// To begin with an empty state, as this incarnation.
    Empty(u32),
    /// To take over this state.
    Take(u32, Learnt),
    /// To apply these, the first of which has this index.
    Apply(u64, Vec<Record>),
}

/// What an instance brings to an election.
#[derive(Debug, Clone)]
pub(crate) struct Standing {
    pub(crate) member: Member,
    /// The epoch that it follows or has led; 0 if none.
    pub(crate) epoch: Epoch,
    /// What it knows of its group, if it has a state.
    pub(crate) knows: Option<Order>,
    /// The set as it knows it.
    pub(crate) set: InSync,
    /// Its last record.
    pub(crate) last: u64,
}

/// A state at most so far behind what is committed is brought up to date by records; what is older is not kept.
const KEPT_BYTES: usize = 16 * 1024 * 1024;
/// So many records are kept at most.
const KEPT_RECORDS: u64 = 65_536;

impl Part {
    fn me(&self) -> Member {
        match self {
            Self::Follows(follower) => follower.me(),
            Self::Leads(leader) => leader.me(),
        }
    }

    fn held(&self) -> &Held {
        match self {
            Self::Follows(follower) => follower.held(),
            Self::Leads(leader) => leader.held(),
        }
    }

    fn leads(&self, epoch: Epoch) -> Option<&Leader> {
        match self {
            Self::Leads(leader) if leader.epoch() == epoch => Some(leader),
            _ => None,
        }
    }

    fn has_applied(&mut self, index: u64) {
        let Some(point) = self.held().log().point_at(index) else { return };
        let beyond = {
            let log = self.held().log();
            let records = (log.last().index - log.base().index).saturating_sub(KEPT_RECORDS);
            let half = if log.bytes() > KEPT_BYTES { (log.last().index - log.base().index) / 2 } else { 0 };
            log.base().index + records.max(half)
        };
        match self {
            Self::Follows(follower) => {
                follower.has_applied(point);
                follower.trim(beyond);
            }
            Self::Leads(leader) => {
                leader.has_applied(point);
                leader.trim(beyond);
            }
        }
    }
}

impl Replica {
    /// One that has nothing yet.
    pub(crate) fn new(pid: Pid, types: Fingerprints, terms: Terms) -> Self {
        let part = Part::Follows(Follower::new(Member::first(pid)));
        let inner = Inner { part, waiting: BTreeMap::new(), learnt: None };
        let [told, owed, spare] = [false; 3].map(AtomicBool::new);
        let [changes, parts] = [(); 2].map(|()| ordered::Sender::default());
        Self { pid, types, terms, told, inner: Mutex::new(inner), changes, parts, owed, spare }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        lock(&self.inner)
    }

    pub(crate) fn pid(&self) -> Pid {
        self.pid
    }

    pub(crate) fn terms(&self) -> Terms {
        self.terms
    }

    pub(crate) fn types(&self) -> Fingerprints {
        self.types
    }

    /// Whether the others of its group have these types too. If not, that is said once.
    pub(crate) fn has_types(&self, theirs: Fingerprints) -> bool {
        let fits = theirs == self.types;
        if !fits && !self.told.swap(true, Ordering::Relaxed) {
            let pid = self.pid;
            tracing::error!(
                target: "ember::cluster", %pid,
                "its group has another `Entry` or `State` than this build of its service: it takes no part until all nodes run one build"
            );
        }
        fits
    }

    /// Tells of what whoever ships or waits must look at.
    pub(crate) fn changes(&self) -> ordered::Receiver<()> {
        self.changes.subscribe()
    }

    /// Whoever changes the set is to look at it.
    pub(crate) fn attend(&self) {
        self.parts.send_replace(());
    }

    /// Tells when it has become the master, or is that no more, and when its set may be to change.
    pub(crate) fn parts(&self) -> ordered::Receiver<()> {
        self.parts.subscribe()
    }

    /// Does something with its part, then tells those who waited for what has come of it.
    fn change<T>(&self, change: impl FnOnce(&mut Inner) -> T) -> T {
        let mut inner = self.lock();
        let done = change(&mut inner);
        let told = inner.settled();
        drop(inner);
        self.changes.send_replace(());
        for (then, well) in told {
            then(well);
        }
        done
    }

    // -- Its service, in its turn.

    /// Enters a record; nobody gets it before it is [opened](Self::open). Its index; nothing if this is not the master of that epoch.
    pub(crate) fn enter(&self, epoch: Epoch, entries: Vec<Bytes>) -> Option<u64> {
        match &mut self.lock().part {
            Part::Leads(leader) if rules::may_commit(epoch.number(), Some(leader.epoch().number())) => {
                Some(leader.append(entries))
            }
            _ => None,
        }
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

    // -- Elections.

    /// The registry's record names this set.
    pub(crate) fn sees(&self, set: &InSync) {
        let is_named = set.names(self.lock().part.me());
        self.spare.store(!is_named, Ordering::Relaxed);
    }

    pub(crate) fn standing(&self) -> Standing {
        let inner = self.lock();
        let (member, last) = (inner.part.me(), inner.part.held().log().last().index);
        match &inner.part {
            Part::Follows(it) => Standing { member, epoch: it.epoch(), knows: it.knows(), set: it.set().clone(), last },
            Part::Leads(it) => {
                Standing { member, epoch: it.epoch(), knows: Some(it.knows()), set: it.set().clone(), last }
            }
        }
    }

    /// It has been elected by a record that names this set. It leads when its first record has been acknowledged: see [`led`](Self::led).
    pub(crate) fn elect(&self, epoch: Epoch, set: InSync) {
        self.change(|inner| {
            let me = inner.part.me();
            let part = mem::replace(&mut inner.part, Part::Follows(Follower::new(me)));
            let follower = match part {
                Part::Follows(follower) => follower,
                Part::Leads(leader) => leader.depose(true),
            };
            let lead = |leader: Leader| Part::Leads(leader.needs(self.terms.min_in_sync));
            inner.part = follower.lead(epoch, set).map_or_else(Part::Follows, lead);
        });
        self.parts.send_replace(());
    }

    /// It leads no more. With nothing outstanding it can follow as it is.
    pub(crate) fn step_down(&self) {
        self.change(|inner| {
            if matches!(inner.part, Part::Leads(_)) {
                let me = inner.part.me();
                if let Part::Leads(leader) = mem::replace(&mut inner.part, Part::Follows(Follower::new(me))) {
                    // What a handler that still runs commits is not taken any more.
                    inner.part = Part::Follows(leader.depose(false));
                }
            }
        });
        self.parts.send_replace(());
    }

    /// Waits until its first record as the master of this epoch is acknowledged; `false` if it will not be.
    pub(crate) async fn led(&self, epoch: Epoch) -> bool {
        self.waits(|part| match part.leads(epoch) {
            Some(leader) => (leader.commit() >= leader.barrier()).then_some(true),
            None => Some(false),
        })
        .await
    }

    /// Waits until all that it has is acknowledged, or it leads no more.
    pub(crate) async fn settled(&self) {
        self.waits(|part| match part {
            Part::Leads(leader) => (leader.held().log().last().index <= leader.acknowledged()).then_some(()),
            Part::Follows(_) => Some(()),
        })
        .await;
    }

    /// The point of a record, once that is acknowledged; nothing if it will not be.
    pub(crate) async fn settled_point(&self, index: u64) -> Option<Point> {
        self.waits(|part| match part {
            Part::Leads(leader) if leader.commit() < index => None,
            Part::Follows(follower) if follower.is_deposed() || follower.held().commit() < index => Some(None),
            part => Some(part.held().log().point_at(index)),
        })
        .await
    }

    async fn waits<T>(&self, mut until: impl FnMut(&Part) -> Option<T>) -> T {
        let mut changes = self.changes();
        loop {
            changes.mark_unchanged();
            let done = until(&self.lock().part);
            if let Some(done) = done {
                return done;
            }
            let _open = changes.changed().await;
        }
    }

    // -- Whoever ships.

    /// Does something as the master of this epoch; nothing if it is not that any more.
    pub(crate) fn lead<T>(&self, epoch: Epoch, act: impl FnOnce(&mut Leader) -> T) -> Option<T> {
        self.change(|inner| match &mut inner.part {
            Part::Leads(leader) if leader.epoch() == epoch => Some(act(leader)),
            _ => None,
        })
    }

    /// The same for what changes nothing that others wait for.
    pub(crate) fn look<T>(&self, epoch: Epoch, look: impl FnOnce(&mut Leader) -> T) -> Option<T> {
        match &mut self.lock().part {
            Part::Leads(leader) if leader.epoch() == epoch => Some(look(leader)),
            _ => None,
        }
    }

    // -- Links.

    /// Takes what its master sends; and whether its service is to be asked to apply something.
    pub(crate) fn receive(&self, batch: Batch) -> (Answer, bool) {
        let is_over = matches!(&self.lock().part, Part::Leads(leader) if leader.epoch() < batch.epoch);
        if is_over {
            // There is a later master, which the elections of this node do not know of yet.
            self.step_down();
        }
        let mut inner = self.lock();
        let before = inner.part.me();
        let answer = match &mut inner.part {
            Part::Follows(follower) => follower.receive(batch),
            Part::Leads(leader) => leader.refuses(&batch),
        };
        if answer.member != before {
            inner.learnt = None;
        }
        let is_due = answer.member != before || inner.part.held().unapplied().is_some();
        drop(inner);
        (answer, is_due && !self.owed.swap(true, Ordering::AcqRel))
    }

    /// It has got the state of another, as it was at this point, and is to follow the master `from`. What that is to be told, and whether it has
    /// use for it.
    pub(crate) fn learn(&self, (from, epoch, set): (Member, Epoch, InSync), learnt: Learnt) -> Option<(Answer, bool)> {
        self.change(|inner| {
            let Part::Follows(follower) = &mut inner.part else { return None };
            match follower.install(from, epoch, set, learnt.at) {
                Ok(answer) => {
                    inner.learnt = Some(learnt);
                    Some((answer, true))
                }
                Err(answer) => Some((answer, false)),
            }
        })
    }
}

impl Inner {
    /// Those whose record has been acknowledged, or of which nobody will know that here.
    fn settled(&mut self) -> Vec<(Settled, bool)> {
        if self.waiting.is_empty() {
            return Vec::new();
        }
        let (all, well) = match &self.part {
            Part::Leads(leader) => {
                let later = self.waiting.split_off(&(leader.acknowledged() + 1));
                (mem::replace(&mut self.waiting, later), true)
            }
            Part::Follows(_) => (mem::take(&mut self.waiting), false),
        };
        all.into_values().flatten().map(|then| (then, well)).collect()
    }
}

impl Settles for Replica {
    fn unsettled(&self) -> Option<u64> {
        let last = self.unacknowledged();
        last.filter(|_| self.holds_back())
    }

    fn unacknowledged(&self) -> Option<u64> {
        self.open();
        self.last_unsettled()
    }

    fn when_settled(&self, index: u64, then: Settled) {
        self.tell_when_settled(index, then);
    }
}
