//! One instance of a replicated service: its part in its group. Handlers use it in their turn, links and elections at any time.

mod album;
mod elections;
mod entries;
pub(super) mod keeping;
mod kept;
mod leaving;
mod links;
mod picture;
#[cfg(test)]
mod promises_tests;
mod reading;
mod reads;
#[cfg(test)]
mod tests;
mod turn;
mod word;

use std::{
    mem,
    sync::{
        Mutex, MutexGuard, OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use tokio::time::Instant;

use self::{
    album::{Album, Size},
    kept::Kept,
    leaving::Leaving,
    word::Word,
};
pub(crate) use self::{
    reading::Reading,
    word::{Far, Place},
};
use super::{Follower, Held, InSync, Leader, Member, Point, Record, Terms, rules::Order};
use crate::{
    id::{Epoch, Pid},
    panics::woken,
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
    /// Where it stands on its node, once that is known.
    place: OnceLock<Place>,
    word: Mutex<Word>,
    /// How long one of its group may act who is not heard of, in nanoseconds.
    lease: AtomicU64,
    /// The number of the last call that its group has owed to another service, as far as is known here.
    owes: AtomicU64,
}

struct Inner {
    part: Part,
    /// What waits until a record is acknowledged.
    leaving: Leaving,
    /// Its service applies a record that it has entered, and may panic as it does.
    applies: Option<Point>,
    /// A state that has been learnt, and that its service has not taken over yet.
    learnt: Option<Learnt>,
    /// It takes no office before then: its master acts by that.
    promised: Option<Instant>,
    /// It has asked the registry for its office, and promises nothing.
    bids: bool,
    /// Its journal, if it has one.
    kept: Option<Kept>,
    /// Of a master that is alone in sync: what its log has no more.
    album: Album,
    sized: Size,
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

    /// `pictured`: as it was after this record there is a state beside the log, of which that of a master which is alone in sync can be made again.
    /// `most`: so many records are kept.
    fn has_applied(&mut self, index: u64, pictured: Option<u64>, most: u64) {
        let Some(point) = self.held().log().point_at(index) else { return };
        let beyond = {
            let log = self.held().log();
            let records = (log.last().index - log.base().index).saturating_sub(most);
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
                leader.trim(if leader.is_alone() { beyond.min(pictured.unwrap_or_default()) } else { beyond });
            }
        }
    }
}

impl Replica {
    /// One that has nothing yet.
    pub(crate) fn new(pid: Pid, types: Fingerprints, terms: Terms, largest: usize) -> Self {
        let part = Part::Follows(Follower::new(Member::first(pid)));
        let (album, sized) = (Album::default(), Size::default());
        let inner = Inner {
            part,
            leaving: Leaving::default(),
            applies: None,
            learnt: None,
            promised: None,
            bids: false,
            kept: None,
            album,
            sized,
        };
        let [told, owed, spare] = [false; 3].map(AtomicBool::new);
        let [changes, parts] = [(); 2].map(|()| ordered::Sender::default());
        let (place, word) = (OnceLock::new(), Mutex::default());
        let (lease, owes) = (AtomicU64::new(u64::MAX), AtomicU64::new(0));
        let inner = Mutex::new(inner);
        Self { pid, types, terms, largest, told, inner, changes, parts, owed, spare, place, word, lease, owes }
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

    /// Whether the others of its group have these types too. If not, that is said once, and it is [left out](Self::is_left_out).
    pub(crate) fn has_types(&self, theirs: Fingerprints) -> bool {
        let fits = theirs == self.types;
        if !self.told.swap(!fits, Ordering::Relaxed) && !fits {
            let pid = self.pid;
            tracing::error!(
                target: "ember::cluster", %pid,
                "its group has another `Entry`, `State` or `Output` than this build of its service: it takes no part until all nodes run one build"
            );
        }
        fits
    }

    /// Whether its group was last seen to have other types: it takes no part.
    pub(crate) fn is_left_out(&self) -> bool {
        self.told.load(Ordering::Relaxed)
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
        let done = self.change_quietly(change);
        self.tell();
        done
    }

    /// The same for whoever has something locked: those who waited are told by the next [`tell`](Self::tell), which runs and drops what is the
    /// user's.
    fn change_quietly<T>(&self, change: impl FnOnce(&mut Inner) -> T) -> T {
        let mut inner = self.lock();
        let done = change(&mut inner);
        inner.note();
        inner.settle();
        // Large, perhaps: it is dropped when nothing is locked.
        let past = if inner.is_alone() { Album::default() } else { mem::take(&mut inner.album) };
        drop(inner);
        drop(past);
        self.changes.send_replace(());
        done
    }

    /// Whether somebody is to be [told](Self::tell) something.
    pub(crate) fn has_to_tell(&self) -> bool {
        self.lock().leaving.has_to_tell()
    }

    /// Tells those who waited, one after the other, in the order in which they began to: whoever else comes to that meanwhile leaves it to this
    /// one.
    pub(crate) fn tell(&self) {
        let mut telling = self.lock().leaving.tells();
        while let Some((then, well)) = telling {
            woken(|| then(well));
            telling = self.lock().leaving.tells_on();
        }
    }
}

impl Inner {
    /// Whether it is the master, and nobody else has its state.
    fn is_alone(&self) -> bool {
        matches!(&self.part, Part::Leads(leader) if leader.is_alone())
    }

    /// Those whose record has been acknowledged, or of which nobody will know that here, are to be told.
    fn settle(&mut self) {
        match &self.part {
            Part::Leads(leader) => self.leaving.settle(leader.acknowledged()),
            Part::Follows(_) => self.leaving.give_up(),
        }
    }
}
