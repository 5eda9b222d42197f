//! Bytes that wait for a writer: callers append records to an open buffer, the writer takes frames.

use std::{collections::VecDeque, mem};

use bytes::Bytes;
use tokio::time::Instant;

use super::{
    slow::{Order, Slow},
    spare::Spare,
};
use crate::transport::protocol::{CALL, Correlation, HEAD, SEND, frame, wire};

/// A frame is closed at the first record that would take it over this many bytes.
const FRAME: usize = 128 << 10;
/// A record over this many bytes travels in pieces.
pub(crate) const LARGE: usize = 128 << 10;

/// One direction of one class of records.
#[derive(Debug)]
pub(crate) struct Queue {
    /// Where records are appended.
    open: Buffer,
    /// No more records fit there; oldest first.
    closed: VecDeque<Buffer>,
    /// What is left of a buffer of which the writer could not take all.
    staged: Bytes,
    /// Large records, and what must not overtake them.
    slow: Slow,
    /// The bytes of records that wait, without the slow ones.
    waiting: usize,
    /// The bytes that the writer has taken, without the slow ones: from the beginning of the link, which counts as 1.
    taken: u64,
    /// Buffers to be used again.
    spare: Spare,
    /// What had been taken when memory was last looked after.
    tidied: u64,
    /// Where the clock starts, of which each frame tells how far it is; `None` for frames without a clock.
    epoch: Option<Instant>,
}

/// Room for the head of a frame, a clock if there is one, then records; or nothing at all.
#[derive(Debug, Default)]
struct Buffer {
    bytes: Vec<u8>,
    /// How much credit it takes.
    charge: usize,
}

/// A frame for the socket, in two parts of which the first may be empty.
pub(crate) type Parts = (Bytes, Bytes);

/// Where in the stream a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Put {
    /// Where it was said to be.
    Here,
    /// Among the slow ones: it leaves later than its position says.
    Slow,
}

impl Queue {
    /// An empty queue; with `epoch` its frames tell the time since.
    pub(crate) fn new(epoch: Option<Instant>) -> Self {
        Self {
            open: Buffer::default(),
            closed: VecDeque::new(),
            staged: Bytes::new(),
            slow: Slow::default(),
            waiting: 0,
            taken: 1,
            spare: Spare::default(),
            tidied: 1,
            epoch,
        }
    }

    pub(crate) fn waiting(&self) -> usize {
        self.waiting + self.slow.waiting()
    }

    /// Whether something could be taken if there was enough credit, and whether that is needed.
    pub(crate) fn has_some(&self, credit: i64) -> bool {
        (self.waiting > 0 && credit > 0) || self.slow.has_some(credit)
    }

    /// What kind of record waits, if it is a single one.
    pub(crate) fn only(&self) -> Option<u8> {
        if self.waiting == 0 || self.slow.waiting() > 0 || !self.closed.is_empty() || !self.staged.is_empty() {
            return None;
        }
        let (size, kind) = wire::peek(&self.open.bytes[self.preamble()..]);
        (size == self.waiting).then_some(kind)
    }

    pub(crate) fn taken(&self) -> u64 {
        self.taken
    }

    /// Where the next record will start, counted from the beginning of the link.
    pub(crate) fn end(&self) -> u64 {
        self.taken + self.waiting as u64
    }

    /// Where to append the next record, if it is a small one that may overtake others.
    pub(crate) fn open(&mut self) -> &mut Vec<u8> {
        if self.open.bytes.len() >= FRAME {
            self.closed.push_back(mem::take(&mut self.open));
        }
        let out = &mut self.open.bytes;
        if out.is_empty() {
            if out.capacity() == 0 {
                *out = self.spare.get();
            }
            out.resize(HEAD, 0);
            if self.epoch.is_some() {
                put_clock(0, out);
            }
        }
        out
    }

    /// Appends a whole record; takes its memory if it is a large one.
    #[inline]
    pub(crate) fn append(&mut self, record: &mut Vec<u8>, order: Option<Order>, call: Option<Correlation>) -> Put {
        if record.len() > LARGE || self.slow.holds(order) {
            self.append_slow(record, order, call);
            return Put::Slow;
        }
        let out = self.open();
        let start = out.len();
        out.extend_from_slice(record);
        self.push(start);
        Put::Here
    }

    #[cold]
    fn append_slow(&mut self, record: &mut Vec<u8>, order: Option<Order>, call: Option<Correlation>) {
        let is_large = record.len() > LARGE;
        let bytes = if is_large { mem::take(record).into() } else { Bytes::copy_from_slice(record) };
        self.slow.push(bytes, order, call);
    }

    /// Counts the record that was appended at `start` of what was [`open`](Self::open).
    #[inline]
    pub(crate) fn push(&mut self, start: usize) {
        let size = self.open.bytes.len() - start;
        self.waiting += size;
        if matches!(self.open.bytes[start + 4], CALL | SEND) {
            self.open.charge += size;
        }
    }

    fn preamble(&self) -> usize {
        HEAD + if self.epoch.is_some() { CLOCK_SIZE } else { 0 }
    }

    /// Takes a frame of whole records. Each call takes its size from `credit`, and none is taken when there is none left.
    pub(crate) fn frame(&mut self, credit: &mut i64) -> Option<Parts> {
        if self.waiting == 0 || *credit <= 0 {
            return None;
        }
        if self.staged.is_empty() {
            let Buffer { mut bytes, charge } = self.closed.pop_front().unwrap_or_else(|| mem::take(&mut self.open));
            let preamble = self.preamble();
            if charge as i64 > *credit {
                self.staged = self.spare.lend(bytes).slice(preamble..);
            } else {
                *credit -= charge as i64;
                let head = frame::head(bytes.len() - HEAD);
                bytes[..HEAD].copy_from_slice(&head);
                if let Some(epoch) = self.epoch {
                    bytes[preamble - 8..preamble].copy_from_slice(&micros(epoch).to_le_bytes());
                }
                self.take(bytes.len() - preamble);
                return Some((Bytes::new(), self.spare.lend(bytes)));
            }
        }
        let mut end = 0;
        while end < self.staged.len() && *credit > 0 {
            let (size, kind) = wire::peek(&self.staged[end..]);
            if matches!(kind, CALL | SEND) {
                *credit -= size as i64;
            }
            end += size;
        }
        self.take(end);
        let records = self.staged.split_to(end);
        let mut head = vec![0; HEAD];
        if let Some(epoch) = self.epoch {
            put_clock(micros(epoch), &mut head);
        }
        let size = head.len() - HEAD + records.len();
        head[..HEAD].copy_from_slice(&frame::head(size));
        Some((head.into(), records))
    }

    fn take(&mut self, size: usize) {
        self.waiting -= size;
        self.taken += size as u64;
    }

    /// Takes a piece of a large record, or a record that had to wait for one. The call that has left with it as a whole.
    pub(crate) fn piece(&mut self, credit: &mut i64) -> Option<(Parts, Option<Correlation>)> {
        let mut out = vec![0; HEAD];
        if let Some(epoch) = self.epoch {
            put_clock(micros(epoch), &mut out);
        }
        let (rest, left) = self.slow.piece(credit, &mut out)?;
        let head = frame::head(out.len() - HEAD + rest.len());
        out[..HEAD].copy_from_slice(&head);
        let parts = if rest.is_empty() { (rest, out.into()) } else { (out.into(), rest) };
        Some((parts, left))
    }

    /// To be called now and then: a queue that is not used keeps no memory.
    pub(crate) fn tidy(&mut self) {
        if self.taken == self.tidied {
            self.spare.clear();
        }
        self.tidied = self.taken;
    }

    /// Nobody waits for this call any more, which is among the slow ones: it is not sent, or its cancel is sent after it.
    /// `false` if it is none of them any more: it has left.
    pub(crate) fn cancel_slow(&mut self, call: Correlation) -> bool {
        self.slow.cancel(call)
    }

    /// How many one-way calls wait.
    pub(crate) fn sends(&self) -> usize {
        let preamble = self.preamble();
        let buffers = self.closed.iter().chain([&self.open]);
        let records = buffers.map(|buffer| buffer.bytes.get(preamble..).unwrap_or_default());
        records.chain([&self.staged[..]]).map(sends).sum::<usize>() + self.slow.sends()
    }
}

/// The size of a clock's record.
const CLOCK_SIZE: usize = wire::PREFIX + 8;

fn put_clock(micros: u64, out: &mut Vec<u8>) {
    let start = wire::open(wire::CLOCK, out);
    out.extend_from_slice(&micros.to_le_bytes());
    wire::seal(start, out);
}

fn micros(epoch: Instant) -> u64 {
    u64::try_from(epoch.elapsed().as_micros()).unwrap_or(u64::MAX)
}

fn sends(mut records: &[u8]) -> usize {
    let mut count = 0;
    while !records.is_empty() {
        let (size, kind) = wire::peek(records);
        count += usize::from(kind == SEND);
        records = &records[size..];
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(queue: &mut Queue, size: usize) -> Put {
        let mut record = Vec::new();
        wire::open(SEND, &mut record);
        record.resize(size, 0);
        wire::seal(0, &mut record);
        queue.append(&mut record, Some((7, false)), None)
    }

    fn size((head, records): Parts) -> usize {
        if head.is_empty() { records.len() - HEAD } else { records.len() }
    }

    #[test]
    fn a_backlog_goes_in_one_frame_until_the_credit_ends() {
        let mut queue = Queue::new(None);
        for _ in 0..10 {
            push(&mut queue, 100);
        }
        let mut credit = 450;
        assert_eq!(size(queue.frame(&mut credit).unwrap()), 500);
        assert_eq!((credit, queue.taken(), queue.waiting(), queue.sends()), (-50, 501, 500, 5));
        assert!(queue.frame(&mut credit).is_none());
        credit += 10_000;
        push(&mut queue, 100);
        assert_eq!(size(queue.frame(&mut credit).unwrap()), 500);
        assert_eq!(size(queue.frame(&mut credit).unwrap()), 100);
        assert!(queue.frame(&mut credit).is_none());
    }

    #[test]
    fn frames_are_cut_between_records() {
        let mut queue = Queue::new(None);
        for size in [FRAME / 2, FRAME / 2 - HEAD, 10, 20] {
            assert_eq!(push(&mut queue, size), Put::Here);
        }
        let mut credit = i64::MAX;
        let frames: Vec<_> = std::iter::from_fn(|| queue.frame(&mut credit)).map(size).collect();
        assert_eq!(frames, [FRAME - HEAD, 30]);
    }

    #[test]
    fn a_large_record_is_not_copied_and_what_must_not_overtake_it_waits() {
        let mut queue = Queue::new(Some(Instant::now()));
        let mut record = Vec::new();
        wire::open(SEND, &mut record);
        record.resize(LARGE + 1, 0);
        wire::seal(0, &mut record);
        let memory = record.as_ptr();
        assert_eq!(queue.append(&mut record, Some((7, false)), None), Put::Slow);
        assert!(record.capacity() == 0 && queue.slow.first().as_ptr() == memory);
        let lies_there = |part: &Bytes| (memory..=memory.wrapping_add(LARGE)).contains(&part.as_ptr());
        assert_eq!(push(&mut queue, 100), Put::Slow);
        assert_eq!((queue.sends(), queue.waiting()), (2, LARGE + 101));
        let pieces: Vec<_> =
            std::iter::from_fn(|| queue.piece(&mut i64::MAX.clone())).map(|(parts, _)| parts).collect();
        let [(_, first), (_, second), (_, third), (no_head, _)] = &pieces[..] else {
            panic!("{} frames", pieces.len())
        };
        assert!([first, second, third].into_iter().all(lies_there) && no_head.is_empty());
        assert_eq!((first.len() + second.len() + third.len(), queue.waiting()), (LARGE + 1, 0));
    }
}
