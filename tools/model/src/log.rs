//! Records, and a member's log of them. An index counts from 1, as in the runtime; 0 is before the first.

use std::fmt;

use crate::set::Member;

/// Records in a log, at most.
pub(crate) const ROOM: usize = 9;

/// What a record says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// The first record of an epoch.
    Barrier,
    /// What the handler of the call with this id has committed, before it came to its end.
    Begun(u8),
    /// What it has committed, and what it came to.
    Done(u8),
    /// What it came to; what it has committed is in a record before.
    Ended(u8),
    /// The call with this id will not be executed any more.
    Void(u8),
    /// The call to another service that is owed because of this one has been answered.
    Paid(u8),
}

/// A record. Members tell records apart by epoch and index alone; who wrote it is there to catch them out.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Record(u16);

/// Its caller asks for nothing lower any more.
const OVER: u16 = 0x80;

impl Record {
    pub(crate) fn new(epoch: u8, by: Member, what: What) -> Self {
        let (kind, id) = match what {
            What::Barrier => (0, 0),
            What::Begun(id) => (1, id),
            What::Done(id) => (2, id),
            What::Ended(id) => (3, id),
            What::Void(id) => (4, id),
            What::Paid(id) => (5, id),
        };
        Self(u16::from(epoch) << 12 | u16::from(by.number()) << 8 | kind << 4 | u16::from(id))
    }

    /// The same; `over`: its caller asks for nothing lower any more.
    pub(crate) fn over(self, over: bool) -> Self {
        Self(self.0 | if over { OVER } else { 0 })
    }

    pub(crate) fn is_over(self) -> bool {
        self.0 & OVER != 0
    }

    pub(crate) fn epoch(self) -> u8 {
        (self.0 >> 12) as u8
    }

    pub(crate) fn what(self) -> What {
        let id = (self.0 & 0xf) as u8;
        match self.0 >> 4 & 7 {
            0 => What::Barrier,
            1 => What::Begun(id),
            2 => What::Done(id),
            3 => What::Ended(id),
            4 => What::Void(id),
            _ => What::Paid(id),
        }
    }

    /// The call whose entries it has.
    pub(crate) fn executes(self) -> Option<u8> {
        match self.what() {
            What::Begun(id) | What::Done(id) => Some(id),
            _ => None,
        }
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}@{}", self.what(), self.epoch())
    }
}

/// Records one after the other.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Log {
    len: u8,
    records: [Record; ROOM],
}

impl Log {
    /// The index of its last record.
    pub(crate) fn last(&self) -> u8 {
        self.len
    }

    pub(crate) fn is_full(&self) -> bool {
        self.len as usize == ROOM
    }

    pub(crate) fn all(&self) -> &[Record] {
        &self.records[..self.len as usize]
    }

    pub(crate) fn at(&self, index: u8) -> Option<Record> {
        self.all().get((index as usize).checked_sub(1)?).copied()
    }

    /// The epoch of the record at `index`; 0 before the first.
    pub(crate) fn epoch_at(&self, index: u8) -> Option<u8> {
        if index == 0 { Some(0) } else { self.at(index).map(Record::epoch) }
    }

    pub(crate) fn append(&mut self, record: Record) {
        self.records[self.len as usize] = record;
        self.len += 1;
    }

    /// Drops all beyond `index`.
    pub(crate) fn cut(&mut self, index: u8) {
        self.records[(index as usize).min(ROOM)..].fill(Record::default());
        self.len = self.len.min(index);
    }

    /// The first record of this kind after `from`.
    pub(crate) fn find(&self, what: What, from: u8) -> Option<u8> {
        (from + 1..=self.len).find(|index| self.at(*index).is_some_and(|record| record.what() == what))
    }

    /// The first record after `from` that has entries of this call.
    pub(crate) fn executed(&self, id: u8, from: u8) -> Option<u8> {
        (from + 1..=self.len).find(|index| self.at(*index).is_some_and(|record| record.executes() == Some(id)))
    }

    /// The first record of `epoch`.
    pub(crate) fn first_of(&self, epoch: u8) -> Option<u8> {
        (1..=self.len).find(|index| self.epoch_at(*index) == Some(epoch))
    }

    /// The first index at which both have a record, and not the same: records are told apart by epoch and index.
    pub(crate) fn parts_from(&self, other: &Self) -> Option<u8> {
        (1..=self.len.min(other.len)).find(|index| self.epoch_at(*index) != other.epoch_at(*index))
    }

    /// Whether it has the first `upto` records of `other`.
    pub(crate) fn begins_with(&self, other: &Self, upto: u8) -> bool {
        self.len >= upto && self.records[..upto as usize] == other.records[..upto as usize]
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.all()).finish()
    }
}
