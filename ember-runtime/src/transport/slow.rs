//! Large records on their way: they leave in pieces, so that others pass between. What must not overtake one of them waits
//! behind it.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;

use super::wire::{self, CALL, CALL_PIECE, Correlation, REPLY_PIECE, SEND};

/// The bytes of a record that go with one frame.
const PIECE: usize = 64 << 10;

/// Calls with the same order stay in order: the service, and whether it is the system lane.
pub(super) type Order = (u64, bool);

/// All slow records of one class, first in, first out.
#[derive(Debug, Default)]
pub(super) struct Slow {
    records: VecDeque<Record>,
    /// How much of the first one has left.
    sent: usize,
    /// The bytes that have not.
    waiting: usize,
    /// How many records there are of an order.
    orders: BTreeMap<Order, usize>,
}

#[derive(Debug)]
struct Record {
    bytes: Bytes,
    order: Option<Order>,
    /// The call that it is, if somebody waits for its reply.
    call: Option<Correlation>,
    /// Nobody does any more.
    cancelled: bool,
}

impl Record {
    /// The credit that it takes.
    fn charge(&self) -> i64 {
        if matches!(self.kind(), CALL | SEND) { self.bytes.len() as i64 } else { 0 }
    }

    fn kind(&self) -> u8 {
        wire::peek(&self.bytes).1
    }
}

impl Slow {
    /// Whether a record of this order would overtake another.
    pub(super) fn holds(&self, order: Option<Order>) -> bool {
        !self.records.is_empty() && order.is_some_and(|order| self.orders.contains_key(&order))
    }

    pub(super) fn push(&mut self, bytes: Bytes, order: Option<Order>, call: Option<Correlation>) {
        self.waiting += bytes.len();
        if let Some(order) = order {
            *self.orders.entry(order).or_default() += 1;
        }
        self.records.push_back(Record { bytes, order, call, cancelled: false });
    }

    #[cfg(test)]
    pub(super) fn first(&self) -> &[u8] {
        self.records.front().map_or(&[], |record| &record.bytes)
    }

    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    pub(super) fn has_some(&self, credit: i64) -> bool {
        // What has begun has taken its credit already.
        self.records.front().is_some_and(|first| self.sent > 0 || credit > 0 || first.charge() == 0)
    }

    /// Appends what leaves next to `out`. The call that has left as a whole, if one has.
    pub(super) fn piece(&mut self, credit: &mut i64, out: &mut Vec<u8>) -> Option<Option<Correlation>> {
        if !self.has_some(*credit) {
            return None;
        }
        let first = self.records.front()?;
        if self.sent == 0 {
            *credit -= first.charge();
        }
        let end = first.bytes.len().min(self.sent + PIECE);
        let part = &first.bytes[self.sent..end];
        if part.len() == first.bytes.len() {
            out.extend_from_slice(part);
        } else {
            let kind = if matches!(first.kind(), CALL | SEND) { CALL_PIECE } else { REPLY_PIECE };
            let start = wire::open(kind, out);
            out.extend_from_slice(part);
            wire::seal(start, out);
        }
        self.waiting -= part.len();
        self.sent = end;
        if end < first.bytes.len() {
            return Some(None);
        }
        self.sent = 0;
        let Record { order, call, cancelled, .. } = self.records.pop_front()?;
        self.forget(order);
        if let (Some(call), true) = (call, cancelled) {
            wire::put_cancel(call, out);
        }
        Some(call)
    }

    fn forget(&mut self, order: Option<Order>) {
        let Some(order) = order else { return };
        if let Some(count) = self.orders.get_mut(&order) {
            *count -= 1;
            if *count == 0 {
                self.orders.remove(&order);
            }
        }
    }

    /// Nobody waits for `call` any more; `false` if it is not here: it has left.
    pub(super) fn cancel(&mut self, call: Correlation) -> bool {
        let Some(at) = self.records.iter().position(|record| record.call == Some(call)) else { return false };
        if at == 0 && self.sent > 0 {
            self.records[0].cancelled = true;
        } else if let Some(record) = self.records.remove(at) {
            self.waiting -= record.bytes.len();
            self.forget(record.order);
        }
        true
    }

    /// How many one-way calls wait.
    pub(super) fn sends(&self) -> usize {
        self.records.iter().filter(|record| record.kind() == SEND).count()
    }
}

/// Puts a record together again from its pieces.
#[derive(Debug, Default)]
pub(super) struct Assembly(Vec<u8>);

impl Assembly {
    /// Adds a piece; the record, once it is whole.
    pub(super) fn add(&mut self, piece: &[u8], limit: usize) -> Result<Option<Bytes>, wire::Malformed> {
        let first = if self.0.is_empty() { piece } else { &self.0 };
        let size = wire::size_of(first, limit)?.ok_or(wire::Malformed::PIECES)?;
        wire::make_room(&mut self.0, piece.len(), size);
        self.0.extend_from_slice(piece);
        match wire::size_of(&self.0, limit)? {
            Some(size) if size == self.0.len() => Ok(Some(std::mem::take(&mut self.0).into())),
            Some(size) if size > self.0.len() && !piece.is_empty() => Ok(None),
            _ => Err(wire::Malformed::PIECES),
        }
    }
}
