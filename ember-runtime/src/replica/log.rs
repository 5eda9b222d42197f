//! The records that a member keeps.

use std::collections::VecDeque;

use super::{Point, Record};
use crate::id::Epoch;

/// Records in a row, after a point whose state is held elsewhere.
#[derive(Debug)]
pub(crate) struct Log {
    base: Point,
    records: VecDeque<Record>,
    bytes: usize,
    /// With those that were dropped.
    total: usize,
    written: Written,
}

/// How much of a log a [journal](super::journal) has been told of.
#[derive(Debug, Clone, Copy, Default)]
struct Written {
    /// That it begins, and where.
    begun: bool,
    /// Up to here.
    upto: u64,
    /// It was told of more, which is cut off.
    cut: bool,
}

/// What has become of a log since a [journal](super::journal) was told last.
#[derive(Debug, Default)]
pub(super) struct News {
    /// It is another log, that begins after this point.
    pub(super) begins: Option<Point>,
    /// What came after this record is cut off.
    pub(super) cut: Option<u64>,
    /// What comes then, and the index of the first.
    pub(super) records: Vec<Record>,
    pub(super) first: u64,
}

impl Log {
    /// Of a group that begins.
    pub(crate) fn new() -> Self {
        Self::from(Point::NOTHING)
    }

    fn from(base: Point) -> Self {
        Self { base, records: VecDeque::new(), bytes: 0, total: 0, written: Written::default() }
    }

    /// What a journal has.
    pub(super) fn restored(base: Point, records: Vec<Record>) -> Self {
        let mut log = Self::from(base);
        for record in records {
            log.append(record);
        }
        log.written = Written { begun: true, upto: log.last().index, cut: false };
        log
    }

    /// Up to here a journal has been told of it.
    pub(super) fn written(&self) -> u64 {
        self.written.upto
    }

    /// What a journal has not been told of yet, as far as `upto`.
    pub(super) fn news(&mut self, upto: u64) -> News {
        let mut news = News::default();
        if !self.written.begun {
            self.written = Written { begun: true, upto: self.base.index, cut: false };
            news.begins = Some(self.base);
        }
        if self.written.cut {
            self.written.cut = false;
            news.cut = Some(self.written.upto);
        }
        news.first = self.written.upto.max(self.base.index) + 1;
        let upto = upto.min(self.last().index);
        let skip = usize::try_from(news.first - 1 - self.base.index).unwrap_or(usize::MAX);
        let count = usize::try_from((upto + 1).saturating_sub(news.first)).unwrap_or(usize::MAX);
        news.records = self.records.iter().skip(skip).take(count).cloned().collect();
        self.written.upto = self.written.upto.max(upto);
        news
    }

    /// What comes before its first record.
    pub(crate) fn base(&self) -> Point {
        self.base
    }

    /// Its last record; its base, if it has none.
    pub(crate) fn last(&self) -> Point {
        let index = self.base.index + self.records.len() as u64;
        Point { epoch: self.records.back().map_or(self.base.epoch, |record| record.epoch), index }
    }

    /// About so many bytes of memory.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// About so many bytes have the records after `index` and up to `upto`, as far as they are kept.
    pub(crate) fn size(&self, index: u64, upto: u64) -> usize {
        let place = |index: u64| usize::try_from(index.saturating_sub(self.base.index)).unwrap_or(usize::MAX);
        let (from, to) = (place(index), place(upto).min(self.records.len()));
        self.records.range(from.min(to)..to).map(Record::size).sum()
    }

    /// The bytes of all records that were ever appended, to tell how many have been since.
    pub(crate) fn total(&self) -> usize {
        self.total
    }

    /// The record there, if it is kept.
    pub(crate) fn get(&self, index: u64) -> Option<&Record> {
        self.records.get(usize::try_from(index.checked_sub(self.base.index)?.checked_sub(1)?).ok()?)
    }

    /// The epoch of the record there; the base counts.
    pub(crate) fn epoch_at(&self, index: u64) -> Option<Epoch> {
        if index == self.base.index { Some(self.base.epoch) } else { self.get(index).map(|record| record.epoch) }
    }

    /// The point there; the base counts.
    pub(crate) fn point_at(&self, index: u64) -> Option<Point> {
        self.epoch_at(index).map(|epoch| Point { epoch, index })
    }

    pub(crate) fn append(&mut self, record: Record) -> u64 {
        self.bytes += record.size();
        self.total = self.total.wrapping_add(record.size());
        self.records.push_back(record);
        self.last().index
    }

    /// The last record says more. Nobody may have it yet.
    pub(crate) fn amend(&mut self, more: &[u8]) {
        if let Some(record) = self.records.back_mut() {
            record.more = [&record.more[..], more].concat().into();
            self.bytes += more.len();
            self.total = self.total.wrapping_add(more.len());
        }
    }

    /// The last record says what its entries have come to. Nobody may have it yet.
    pub(crate) fn came_to(&mut self, outputs: u32) {
        if let Some(record) = self.records.back_mut() {
            record.came_to = outputs;
        }
    }

    /// The records after `index` and up to `upto`, of so many bytes, but at least one if there are any. `None`: the log begins later.
    pub(crate) fn after(&self, index: u64, upto: u64, max_bytes: usize) -> Option<Vec<Record>> {
        let skip = usize::try_from(index.checked_sub(self.base.index)?).ok()?;
        let count = usize::try_from(upto.saturating_sub(index)).unwrap_or(usize::MAX);
        let (mut bytes, mut found) = (0_usize, Vec::with_capacity(count.min(64)));
        for record in self.records.iter().skip(skip).take(count) {
            bytes = bytes.saturating_add(record.size());
            if bytes > max_bytes && !found.is_empty() {
                break;
            }
            found.push(record.clone());
        }
        Some(found)
    }

    /// Drops all beyond `index`; what comes before the base stays dropped.
    pub(crate) fn cut(&mut self, index: u64) {
        if index < self.written.upto {
            (self.written.upto, self.written.cut) = (index.max(self.base.index), true);
        }
        let keep = usize::try_from(index.saturating_sub(self.base.index)).unwrap_or(usize::MAX);
        while self.records.len() > keep {
            self.bytes -= self.records.pop_back().map_or(0, |record| record.size());
        }
    }

    /// Drops all up to `index`, which becomes the base; no more than there is.
    pub(crate) fn trim(&mut self, index: u64) {
        while self.base.index < index
            && let Some(record) = self.records.pop_front()
        {
            self.bytes -= record.size();
            self.base = Point { epoch: record.epoch, index: self.base.index + 1 };
        }
    }

    /// Nothing but a base.
    pub(crate) fn reset(&mut self, base: Point) {
        *self = Self::from(base);
    }
}
