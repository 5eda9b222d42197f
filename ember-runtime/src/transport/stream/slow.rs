//! Large records on their way: they leave in pieces, so that others pass between. What must not overtake one of them waits
//! behind it.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    mem,
};

use bytes::Bytes;

use crate::transport::protocol::{CALL, CALL_PIECE, Correlation, REPLY_PIECE, SEND, wire};

/// The bytes of a record that go with one frame.
const PIECE: usize = 64 << 10;

/// Calls with the same order stay in order: the service, and whether it is the system lane.
pub(crate) type Order = (u64, bool);

/// All slow records of one class, first in, first out.
#[derive(Debug, Default)]
pub(crate) struct Slow {
    records: VecDeque<Record>,
    /// The first of them has this number, the others follow.
    number: u64,
    /// The numbers of calls that somebody waits for.
    numbers: HashMap<Correlation, u64>,
    /// So many records are empty: nobody wanted them any more.
    gone: usize,
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

    fn is_gone(&self) -> bool {
        self.bytes.is_empty()
    }

    fn kind(&self) -> u8 {
        wire::peek(&self.bytes).1
    }
}

impl Slow {
    /// Whether a record of this order would overtake another.
    pub(crate) fn holds(&self, order: Option<Order>) -> bool {
        !self.records.is_empty() && order.is_some_and(|order| self.orders.contains_key(&order))
    }

    pub(crate) fn push(&mut self, bytes: Bytes, order: Option<Order>, call: Option<Correlation>) {
        self.waiting += bytes.len();
        if let Some(order) = order {
            *self.orders.entry(order).or_default() += 1;
        }
        if let Some(call) = call {
            self.numbers.insert(call, self.number + self.records.len() as u64);
        }
        self.records.push_back(Record { bytes, order, call, cancelled: false });
    }

    #[cfg(test)]
    pub(crate) fn first(&self) -> &[u8] {
        self.records.front().map_or(&[], |record| &record.bytes)
    }

    pub(crate) fn waiting(&self) -> usize {
        self.waiting
    }

    pub(crate) fn has_some(&self, credit: i64) -> bool {
        // What has begun has taken its credit already.
        self.records.front().is_some_and(|first| self.sent > 0 || credit > 0 || first.charge() == 0)
    }

    /// Appends the beginning of what leaves next to `out`; the rest is part of a large record, and is not copied. With the call that has left
    /// as a whole, if one has.
    pub(crate) fn piece(&mut self, credit: &mut i64, out: &mut Vec<u8>) -> Option<(Bytes, Option<Correlation>)> {
        if !self.has_some(*credit) {
            return None;
        }
        let first = self.records.front()?;
        if self.sent == 0 {
            *credit -= first.charge();
        }
        let end = first.bytes.len().min(self.sent + PIECE);
        let mut part = first.bytes.slice(self.sent..end);
        self.waiting -= part.len();
        if part.len() == first.bytes.len() {
            out.extend_from_slice(&mem::take(&mut part));
        } else {
            let kind = if matches!(first.kind(), CALL | SEND) { CALL_PIECE } else { REPLY_PIECE };
            let start = wire::open(kind, out);
            wire::seal_before(start, out, part.len());
        }
        self.sent = end;
        if end < first.bytes.len() {
            return Some((part, None));
        }
        self.sent = 0;
        let Record { order, call, cancelled, .. } = self.records.pop_front()?;
        self.number += 1;
        if let Some(call) = call {
            self.numbers.remove(&call);
        }
        self.forget(order);
        self.drop_gone();
        if let (Some(call), true) = (call, cancelled) {
            // That follows the rest, which so comes here too.
            out.extend_from_slice(&mem::take(&mut part));
            wire::put_cancel(call, out);
        }
        Some((part, call))
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
    pub(crate) fn cancel(&mut self, call: Correlation) -> bool {
        let Some(number) = self.numbers.get(&call) else { return false };
        let at = (number - self.number) as usize;
        if at == 0 && self.sent > 0 {
            self.records[0].cancelled = true;
            return true;
        }
        self.numbers.remove(&call);
        let record = &mut self.records[at];
        let (bytes, order) = (mem::take(&mut record.bytes), record.order.take());
        record.call = None;
        self.waiting -= bytes.len();
        self.gone += 1;
        self.forget(order);
        self.drop_gone();
        true
    }

    /// The first record is never an empty one, and most are not.
    fn drop_gone(&mut self) {
        while self.records.front().is_some_and(Record::is_gone) {
            self.records.pop_front();
            self.number += 1;
            self.gone -= 1;
        }
        if self.gone > self.records.len() / 2 {
            self.records.retain(|record| !record.is_gone());
            self.gone = 0;
            let calls =
                self.records.iter().zip(self.number..).filter_map(|(record, number)| Some((record.call?, number)));
            self.numbers = calls.collect();
            self.records.shrink_to(self.records.len() * 2);
        }
    }

    /// How many one-way calls wait.
    pub(crate) fn sends(&self) -> usize {
        self.records.iter().filter(|record| !record.is_gone() && record.kind() == SEND).count()
    }
}

/// Puts a record together again from its pieces.
#[derive(Debug, Default)]
pub(crate) struct Assembly(Vec<u8>);

impl Assembly {
    /// Adds a piece, or a part of one, which `ends` there or does not; the record, once it is whole.
    pub(crate) fn add(&mut self, part: &[u8], ends: bool, limit: usize) -> Result<Option<Bytes>, wire::Malformed> {
        let begun = if self.0.is_empty() { part } else { &self.0 };
        let size = wire::size_of(begun, limit)?.unwrap_or_default();
        wire::make_room(&mut self.0, part.len(), size);
        self.0.extend_from_slice(part);
        match wire::size_of(&self.0, limit)? {
            Some(size) if size == self.0.len() && ends => Ok(Some(mem::take(&mut self.0).into())),
            Some(size) if size > self.0.len() && !part.is_empty() => Ok(None),
            None if !ends => Ok(None),
            _ => Err(wire::Malformed::PIECES),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Bytes {
        let mut out = Vec::new();
        let start = wire::open(CALL, &mut out);
        out.extend_from_slice(&[0; 100]);
        wire::seal(start, &mut out);
        out.into()
    }

    fn call(index: u32) -> Correlation {
        Correlation { index, generation: 1 }
    }

    #[test]
    fn whoever_gives_up_is_found_without_a_search_and_the_others_leave_in_order() {
        const COUNT: u32 = 200_000;
        let (mut slow, record) = (Slow::default(), record());
        for index in 0..COUNT {
            slow.push(record.clone(), Some((7, false)), Some(call(index)));
        }
        // The last ones first: a search would take minutes.
        for index in (0..COUNT).rev().filter(|index| index % 1000 != 0) {
            assert!(slow.cancel(call(index)));
            assert!(slow.gone <= slow.records.len() / 2);
        }
        assert!(!slow.cancel(call(1)), "it is not there any more");
        assert_eq!(slow.waiting(), record.len() * COUNT as usize / 1000);
        let (mut credit, mut left) = (i64::MAX, Vec::new());
        while let Some(call) = slow.piece(&mut credit, &mut Vec::new()) {
            left.push(call.1.unwrap().index);
        }
        assert!(left.into_iter().eq((0..COUNT).step_by(1000)));
        assert!(slow.waiting() == 0 && slow.numbers.is_empty() && slow.orders.is_empty() && slow.gone == 0);
    }

    #[test]
    fn the_next_one_is_found_when_those_before_it_have_given_up() {
        let (mut slow, record) = (Slow::default(), record());
        for index in 0..10 {
            slow.push(record.clone(), None, Some(call(index)));
        }
        assert!((0..5).all(|index| slow.cancel(call(index))));
        slow.push(record, None, Some(call(10)));
        let mut credit = i64::MAX;
        assert_eq!(slow.piece(&mut credit, &mut Vec::new()), Some((Bytes::new(), Some(call(5)))));
        assert!(slow.cancel(call(10)) && slow.cancel(call(6)));
        assert_eq!(slow.piece(&mut credit, &mut Vec::new()), Some((Bytes::new(), Some(call(7)))));
    }
}
