//! What a master knows of another instance.

use super::Member;

/// Another instance, as its master sees it in this epoch.
#[derive(Debug)]
pub(super) struct Peer {
    /// As whom it has answered last, if it has.
    pub(super) member: Option<Member>,
    /// It has the log up to here, whatever version of the set it has known when it said so.
    pub(super) has: u64,
    /// The same, as far as it counts: it has known the version that holds.
    pub(super) counted: u64,
    /// What is sent to it next.
    pub(super) next: u64,
    pub(super) way: Way,
    /// What it was told last: commit index and version. Nothing, if that may not have come.
    pub(super) told: Option<(u64, u64)>,
    pub(super) deposed: bool,
}

/// How records get to an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Where its log goes on is asked, by one batch at a time. `sure`: it has said so, so that the batch may be a full one.
    Probed { sure: bool, out: bool },
    /// Batches are sent ahead of the answers.
    Streams,
    /// By a snapshot, at this index once one is on its way: until then nothing else is sent.
    Learns { at: Option<u64> },
}

impl Peer {
    pub(super) fn new(next: u64) -> Self {
        Self {
            member: None,
            has: 0,
            counted: 0,
            next,
            way: Way::Probed { sure: false, out: false },
            told: None,
            deposed: false,
        }
    }

    /// Whether an answer of this member is one of now. A new incarnation has nothing of what the one before had.
    pub(super) fn is_now(&mut self, member: Member) -> bool {
        match self.member {
            // An instance has one name for as long as it runs.
            Some(known) if member.pid != known.pid || member.incarnation < known.incarnation => return false,
            Some(known) if member.incarnation > known.incarnation => *self = Self::new(self.next),
            _ => {}
        }
        self.member = Some(member);
        true
    }

    pub(super) fn probe(&mut self, next: u64) {
        self.next = next;
        self.way = Way::Probed { sure: true, out: false };
    }

    /// It has the log up to here.
    pub(super) fn has(&mut self, upto: u64, counts: bool) {
        self.has = self.has.max(upto);
        if counts {
            self.counted = self.counted.max(upto);
        }
        self.next = if self.way == Way::Streams { self.next.max(self.has + 1) } else { self.has + 1 };
        self.way = Way::Streams;
        self.deposed = false;
    }

    /// Whether there is anything to send: records up to `open`, or the commit index and version of `now`.
    pub(super) fn wants(&self, open: u64, now: (u64, u64)) -> bool {
        match self.way {
            Way::Learns { .. } | Way::Probed { out: true, .. } => false,
            // It takes no records, and waits for one thing: a set that does not name it.
            _ if self.deposed => self.told.is_none_or(|told| told.1 != now.1),
            Way::Probed { .. } => true,
            Way::Streams => self.next <= open || self.told != Some(now),
        }
    }

    /// A batch of so many records is on its way, and tells of `now`.
    pub(super) fn sent(&mut self, records: usize, now: (u64, u64)) {
        self.told = Some(now);
        match &mut self.way {
            Way::Probed { out, .. } => *out = true,
            Way::Streams => self.next += records as u64,
            Way::Learns { .. } => {}
        }
    }

    /// It has lost its state, and learns one. That is told once, and again when [no answer](Self::unanswered) comes to that.
    /// Whether it is told now.
    pub(super) fn is_unfit(&mut self) -> bool {
        let learns = matches!(self.way, Way::Learns { .. });
        if !learns {
            self.way = Way::Learns { at: None };
        }
        !learns
    }

    /// No answer will come to what was sent.
    pub(super) fn unanswered(&mut self) {
        self.told = None;
        if self.has > 0 {
            self.probe(self.has + 1);
        } else {
            self.way = Way::Probed { sure: false, out: false };
        }
    }

    /// Whether it is news that its log does not go on from `previous`: not, if that was asked long ago, or it has said since that it does.
    pub(super) fn may_lack(&self, previous: u64) -> bool {
        match self.way {
            Way::Probed { .. } => previous == self.next - 1,
            Way::Streams => previous > self.has,
            Way::Learns { .. } => false,
        }
    }
}
