//! One instance of a replicated service: its part in its group. Handlers use it in their turn, links and elections at any time.

mod elections;
mod entries;
mod links;
mod turn;

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
    Answer, Batch, Follower, Held, InSync, Leader, Log, Member, Point, Record, Terms,
    rules::{self, Order},
};
use crate::{
    id::{Epoch, Pid},
    message::{Settled, Settles},
    panics::woken,
    planted::{Bug, planted},
    sync::{lock, ordered},
};

/// Those of the entries of a service and of its state.
pub(crate) type Fingerprints = (u64, u64);

/// What one instance has of its group's log.
pub(crate) struct Replica {
    pid: Pid,
    types: Fingerprints,
    /// The bytes of a record that surely gets to the others.
    largest: usize,
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

/// What there is after a point of the log.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// These records, the first of which has this index.
    Records(u64, Vec<Record>),
    /// Nothing, as far as this member knows.
    Nothing,
    /// This member does not know that all is acknowledged which its reader has, or its group goes on without some of it.
    Ahead,
    /// This is the last.
    Last(Point),
    /// Its log begins after this point, and so too late. `surely`: it is the master, and its group has no more to say than it has.
    Begins { base: Point, surely: bool },
    /// Its group goes on without what was asked for, after this.
    Undone { shared: Point },
    /// It does not know what its group has.
    Behind,
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
    pub(crate) fn new(pid: Pid, types: Fingerprints, terms: Terms, largest: usize) -> Self {
        let part = Part::Follows(Follower::new(Member::first(pid)));
        let inner = Inner { part, waiting: BTreeMap::new(), learnt: None };
        let [told, owed, spare] = [false; 3].map(AtomicBool::new);
        let [changes, parts] = [(); 2].map(|()| ordered::Sender::default());
        Self { pid, types, terms, largest, told, inner: Mutex::new(inner), changes, parts, owed, spare }
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

    /// The bytes that the entries of one record may have.
    pub(crate) fn largest(&self) -> usize {
        self.largest
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
            // It may drop what is the user's.
            woken(|| then(well));
        }
        done
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
