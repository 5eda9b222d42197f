//! A member that ships what it writes.

mod behind;
mod bounds;

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use super::{
    Answer, Batch, Held, InSync, Kind, Member, Point, Record,
    peer::{Peer, Way},
    rules,
};
use crate::{
    id::{Epoch, Pid},
    planted::{Bug, planted},
};

/// With more bytes of records that are not acknowledged nothing is begun.
pub(crate) const MOST_OWED: usize = 64 * 1024 * 1024;

/// A member that has been elected. It is in office once its [barrier](Self::barrier) is committed.
#[derive(Debug)]
pub(crate) struct Leader {
    me: Member,
    /// By what the others reach it.
    at: Pid,
    epoch: Epoch,
    set: InSync,
    next: Option<BTreeSet<Member>>,
    /// By [`rules::needed`], of the set and the next.
    needed: BTreeSet<Member>,
    peers: BTreeMap<Pid, Peer>,
    /// As whom instances take part that go on from a journal.
    names: BTreeMap<Pid, Pid>,
    held: Held,
    barrier: u64,
    /// Up to here records may be shipped.
    open: u64,
    /// Up to here records are [acknowledged](Self::acknowledged).
    acknowledged: u64,
    /// The bytes of those that are not.
    owed: usize,
    min_in_sync: usize,
    /// What counts of what its own journal has, if it has one: as of the others, the version must be there too.
    kept: Option<u64>,
}

/// What an answer has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heard {
    /// Nothing that anybody waits for.
    Nothing,
    /// Up to here all is acknowledged now.
    Committed(u64),
    /// The log begins too late for it: send it a snapshot, and say so by [`Leader::learns`]. It is said once, and again after
    /// [`Leader::unanswered`].
    WantsSnapshot,
    /// The same for one that could not apply what is in the log: not at once, it may be no better the next time.
    WantsState,
    /// What it has applied is in no log of this group. It is told, drops it, and learns.
    Diverged(Point),
    /// It was a master before, and acknowledges nothing: take it out of the set.
    Deposed,
    /// There is a later master.
    Newer(Epoch),
}

impl Leader {
    /// Writes the barrier of its epoch. `is_kept`: it has a journal, which has nothing of this epoch yet. With fewer in sync than `min_in_sync` it
    /// acknowledges nothing.
    pub(super) fn new(
        (me, at): (Member, Pid),
        epoch: Epoch,
        set: InSync,
        mut held: Held,
        (is_kept, min_in_sync): (bool, usize),
    ) -> Self {
        let barrier = held.log.append(Record::barrier(epoch));
        if planted(Bug::ForgetBarrier) {
            held.commit = barrier;
        }
        let needed = rules::needed(&set.members, None, me);
        let (peers, acknowledged, open) = (BTreeMap::new(), held.commit, barrier);
        let owed = held.log.size(acknowledged, barrier);
        let (next, kept, names) = (None, is_kept.then_some(0), BTreeMap::new());
        let mut leader = Self {
            me,
            at,
            epoch,
            set,
            next,
            needed,
            peers,
            names,
            held,
            barrier,
            open,
            acknowledged,
            owed,
            min_in_sync,
            kept,
        };
        leader.advance();
        leader
    }

    pub(crate) fn me(&self) -> Member {
        self.me
    }

    /// By what the others reach it.
    pub(super) fn at(&self) -> Pid {
        self.at
    }

    pub(crate) fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The set of the registry's record, as of the last change that this master knows of.
    pub(crate) fn set(&self) -> &InSync {
        &self.set
    }

    /// The set that it has asked the registry for.
    pub(crate) fn next(&self) -> Option<&BTreeSet<Member>> {
        self.next.as_ref()
    }

    pub(crate) fn held(&self) -> &Held {
        &self.held
    }

    /// Up to here all is acknowledged.
    pub(crate) fn commit(&self) -> u64 {
        self.held.commit
    }

    /// Up to here all is committed, and was when [enough](Self::too_few) were in sync: what follows from it may leave, and the others show
    /// it. Of what a new master has found it does not know whether enough had it: with too few in sync, none of that is.
    pub(crate) fn acknowledged(&self) -> u64 {
        self.acknowledged
    }

    /// Its journal has the log up to here, and this version of the set. Says whether the commit index has moved.
    pub(super) fn has_kept(&mut self, upto: u64, version: u64) -> bool {
        if self.kept.is_some() && rules::counts(version, self.set.version) {
            self.kept = self.kept.max(Some(upto));
        }
        self.advance()
    }

    /// How many are in sync, if those are not enough.
    pub(crate) fn too_few(&self) -> Option<usize> {
        let (set, next) = (&self.set.members, self.next.as_ref());
        let fewest = || set.len().min(next.map_or(usize::MAX, BTreeSet::len));
        (!rules::are_enough(set, next, self.min_in_sync)).then(fewest)
    }

    /// The first record of its epoch.
    pub(crate) fn barrier(&self) -> u64 {
        self.barrier
    }

    /// Whether its barrier is committed and applied: calls may come.
    #[cfg(test)]
    pub(crate) fn is_in_office(&self) -> bool {
        self.held.commit >= self.barrier && self.held.applied >= self.barrier
    }

    /// What it knows of the group: what it claims with.
    pub(crate) fn knows(&self) -> rules::Order {
        rules::Order { epoch: self.epoch.number(), version: self.set.version }
    }

    // Records.

    /// Writes a record, and what it says of calls. It is shipped when it is [open](Self::open). The state is to have it before anything else happens
    /// ([`has_applied`](Self::has_applied)).
    pub(crate) fn append_with(&mut self, entries: Vec<Bytes>, notes: Bytes) -> u64 {
        let record = Record::new(self.epoch, entries).with(notes);
        self.owed += record.size();
        self.held.log.append(record)
    }

    /// The last record says this of calls too, if it may not be shipped yet and has no more than `largest` bytes then. Its index.
    pub(crate) fn amend(&mut self, notes: &[u8], largest: usize) -> Option<u64> {
        let last = self.held.log.last().index;
        let fits = |record: &&Record| self.has_closed() && record.size() + notes.len() <= largest;
        self.held.log.get(last).filter(fits)?;
        self.owed += notes.len();
        self.held.log.amend(notes);
        Some(last)
    }

    /// Records up to here may be shipped; if nobody else is in the set, they are committed. Says whether the commit index has moved.
    pub(crate) fn open(&mut self, index: u64) -> bool {
        self.open = self.open.max(index.min(self.held.log.last().index));
        self.advance()
    }

    /// Records up to here may be shipped: those beyond wait for their handler.
    pub(crate) fn opened(&self) -> u64 {
        self.open
    }

    /// Up to here its own journal is to have the log: what is on its way to another who is needed is acknowledged when both have it, so that one wait for the
    /// disk is enough for each batch.
    pub(super) fn to_keep(&self) -> u64 {
        let shipped = self.needed.iter().filter_map(|member| self.peer_of(*member)).map(|peer| peer.next - 1);
        shipped.max().map_or(self.open, |shipped| shipped.min(self.open))
    }

    /// Whether there are records that may not be shipped yet.
    pub(crate) fn has_closed(&self) -> bool {
        self.open < self.held.log.last().index
    }

    /// The state has this record now. See [`Held::has_applied`].
    pub(crate) fn has_applied(&mut self, point: Point) {
        self.held.has_applied(point);
    }

    // Peers.

    /// What to send to another instance of the group, of about so many bytes at most; `None` if there is nothing. It may be asked again
    /// before the answer is there: then it gives what comes next. An instance that it has not heard of yet is asked what it has.
    pub(crate) fn batch_for(&mut self, peer: Pid, max_bytes: usize) -> Option<Batch> {
        if peer == self.at {
            return None;
        }
        let now = (self.acknowledged, self.set.version);
        let known = self.peers.entry(peer).or_insert_with(|| Peer::new(self.barrier));
        if !known.wants(self.open, now) {
            return None;
        }
        let log = &self.held.log;
        known.next = known.next.max(log.base().index + 1);
        let previous = log.point_at(known.next - 1)?;
        let records = match known.way {
            _ if known.deposed => Vec::new(),
            Way::Probed { sure: false, .. } => log.after(previous.index, self.open, 0)?,
            _ => log.after(previous.index, self.open, max_bytes)?,
        };
        known.sent(records.len(), now);
        let (end, members) = (self.open, self.set.members.iter().copied().collect());
        let (epoch, from, (commit, version)) = (self.epoch, self.me, now);
        Some(Batch { epoch, from, to: peer, previous, records, end, commit, version, members })
    }

    /// Takes an answer to a batch or a snapshot. Answers may come in any order, twice, and late.
    pub(crate) fn answered(&mut self, peer: Pid, answer: Answer) -> Heard {
        if let Kind::Newer { epoch } = answer.kind {
            return if epoch > self.epoch { Heard::Newer(epoch) } else { Heard::Nothing };
        }
        let Some(known) = self.peers.get_mut(&peer) else { return Heard::Nothing };
        let name = *self.names.get(&peer).unwrap_or(&peer);
        if answer.member.pid != name || answer.epoch != self.epoch || !known.is_now(answer.member) {
            return Heard::Nothing;
        }
        match answer.kind {
            Kind::Has { upto, version } if upto <= self.open => {
                let counts = rules::counts(version, self.set.version) || planted(Bug::CountAnyVersion);
                known.has(upto, counts);
                if self.advance() { Heard::Committed(self.held.commit) } else { Heard::Nothing }
            }
            Kind::Lacks { previous, applied } if known.may_lack(previous) => self.lacks(peer, previous, applied),
            Kind::Empty if known.has == 0 => self.is_empty(peer),
            Kind::Unfit if known.has == 0 && known.is_unfit() => Heard::WantsState,
            Kind::Deposed if known.has == 0 => {
                known.deposed = true;
                known.way = Way::Probed { sure: false, out: false };
                Heard::Deposed
            }
            _ => Heard::Nothing,
        }
    }

    /// Only these other instances are there: what is known of others is forgotten.
    pub(crate) fn keep(&mut self, peers: &BTreeSet<Pid>) {
        self.peers.retain(|pid, _| peers.contains(pid));
    }

    /// As whom these instances take part, where that is not by their pid: as the registry has it.
    pub(crate) fn name(&mut self, names: BTreeMap<Pid, Pid>) {
        self.names = names;
    }

    /// By what this member is reached, if it has answered.
    pub(crate) fn reached(&self, member: Member) -> Option<Pid> {
        self.peers.iter().find(|(_, peer)| peer.member == Some(member)).map(|(pid, _)| *pid)
    }

    // The set.

    /// Who of those whose acknowledgements are needed have not acknowledged the record at `index`, or never will.
    pub(crate) fn lagging(&self, index: u64) -> Vec<Member> {
        let lags = |member: &Member| self.peer_of(*member).is_none_or(|peer| peer.counted < index || peer.deposed);
        self.needed.iter().copied().filter(lags).collect()
    }

    /// As whom this instance may be added to the set, if it may: it has all that is acknowledged, and the set names it as no other.
    pub(crate) fn may_add(&self, peer: Pid) -> Option<Member> {
        let known = self.peers.get(&peer)?;
        let member = known.member?;
        let free = self.next.is_none() && !self.set.members.iter().any(|other| other.pid == member.pid);
        let full = rules::may_add(Some(known.counted), self.held.commit, self.barrier);
        (free && full && !known.deposed).then_some(member)
    }

    /// The registry is about to be asked for another set: from now on both must acknowledge, until it is [known](Self::changed) to have been
    /// made or [not](Self::withdrawn). Says no, if a change is under way, if nothing would change, if the new set does not name this
    /// master, or names one who [may not be added](Self::may_add). (Whether its lease allows it is the caller's to know.)
    pub(crate) fn begin_change(&mut self, next: BTreeSet<Member>) -> bool {
        let new = next.difference(&self.set.members);
        let fit = new.into_iter().all(|member| self.peers.keys().any(|peer| self.may_add(*peer) == Some(*member)));
        if self.next.is_some() || next == self.set.members || !next.contains(&self.me) || !fit {
            return false;
        }
        self.next = Some(next);
        self.count_anew();
        true
    }

    /// The registry has made the change. Acknowledgements of members that did not know this version count no more. Says whether the commit
    /// index has moved.
    pub(crate) fn changed(&mut self, version: u64) -> bool {
        if version <= self.set.version {
            return false;
        }
        let Some(members) = self.next.take() else { return false };
        self.set = InSync { version, members };
        self.kept = self.kept.map(|_| 0);
        for peer in self.peers.values_mut() {
            peer.counted = 0;
        }
        self.count_anew()
    }

    /// The registry has not made the change, and never will. Says whether the commit index has moved.
    #[cfg(test)]
    pub(crate) fn withdrawn(&mut self) -> bool {
        self.next = None;
        self.count_anew()
    }

    /// What it says to another that sends it batches, of an earlier master.
    pub(crate) fn refuses(&self, batch: &Batch) -> Answer {
        Answer { member: self.me, epoch: batch.epoch, kind: Kind::Newer { epoch: self.epoch } }
    }

    /// Those of the set who will not acknowledge anything: what they had is lost, or they were masters.
    pub(crate) fn left(&self) -> BTreeSet<Member> {
        let has_left = |member: &Member| {
            let mut known = self.peers.values().filter(|peer| peer.member.is_some_and(|it| it.pid == member.pid));
            known.any(|peer| peer.deposed || peer.member != Some(*member))
        };
        self.set.members.iter().copied().filter(has_left).collect()
    }

    pub(super) fn held_mut(&mut self) -> &mut Held {
        &mut self.held
    }

    /// What it has committed with too few is not known to be acknowledged.
    pub(super) fn into_parts(mut self) -> (InSync, Held) {
        self.held.commit = self.held.commit.min(self.acknowledged);
        (self.set, self.held)
    }

    fn peer_of(&self, member: Member) -> Option<&Peer> {
        // Of a run that has ended, and the one after it, the one that has less.
        self.peers.values().filter(|peer| peer.member == Some(member)).min_by_key(|peer| peer.counted)
    }

    fn count_anew(&mut self) -> bool {
        self.needed = match &self.next {
            Some(next) if planted(Bug::ShrinkAtOnce) => rules::needed(next, None, self.me),
            next => rules::needed(&self.set.members, next.as_ref(), self.me),
        };
        self.advance()
    }

    /// Moves the commit index, and what is acknowledged. Says whether it has.
    fn advance(&mut self) -> bool {
        let counted = |member| self.peer_of(member).map(|peer| peer.counted);
        let own = self.open.min(self.kept.unwrap_or(u64::MAX));
        let upto = rules::committed(&self.needed, own, self.barrier, counted);
        let before = (self.held.commit, self.acknowledged);
        if let Some(upto) = upto {
            self.held.commit = before.0.max(upto);
            self.acknowledged = rules::acknowledged(before.1, upto, self.barrier, self.too_few().is_none());
            self.owed -= self.held.log.size(before.1, self.acknowledged);
        }
        (self.held.commit, self.acknowledged) > before
    }
}
