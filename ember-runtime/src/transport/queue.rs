//! Bytes that wait for a writer: callers append records to an open buffer, the writer takes frames.

use bytes::Bytes;

use super::wire::{self, CALL, SEND};

/// A frame is closed at the first record that would take it over this many bytes.
const FRAME: usize = 256 << 10;
/// What a fresh buffer reserves at most, going by the one before.
const RESERVE: usize = 64 << 10;
/// The unused memory of a buffer that is worth giving back, though it means copying the rest.
const SPARE: usize = 32 << 20;

/// One direction of one class of records.
#[derive(Debug, Default)]
pub(super) struct Queue {
    /// Where records are appended.
    open: Vec<u8>,
    /// Closed to callers, not yet taken by the writer.
    staged: Bytes,
    /// The bytes that the writer has taken, from the beginning of the link.
    taken: u64,
}

impl Queue {
    pub(super) fn waiting(&self) -> usize {
        self.open.len() + self.staged.len()
    }

    pub(super) fn taken(&self) -> u64 {
        self.taken
    }

    /// Where the next record will start, counted from the beginning of the link.
    pub(super) fn end(&self) -> u64 {
        self.taken + self.waiting() as u64
    }

    pub(super) fn open(&mut self) -> &mut Vec<u8> {
        &mut self.open
    }

    /// Takes back what was appended from `start` on, and the memory if it was uncommonly much.
    pub(super) fn undo(&mut self, start: usize) {
        self.open.truncate(start);
        if self.open.capacity() - start > SPARE {
            self.open.shrink_to(start + RESERVE);
        }
    }

    /// Takes a frame of whole records. Each call takes its size from `credit`, and none is taken when there is none left.
    pub(super) fn frame(&mut self, credit: &mut i64) -> Option<Bytes> {
        if self.staged.is_empty() {
            if self.open.is_empty() || *credit <= 0 {
                return None;
            }
            let reserve = self.open.len().min(RESERVE);
            self.staged = Bytes::from(std::mem::replace(&mut self.open, Vec::with_capacity(reserve)));
        }
        let mut end = 0;
        while end < self.staged.len() && *credit > 0 {
            let (size, kind) = wire::peek(&self.staged[end..]);
            if end > 0 && end + size > FRAME {
                break;
            }
            if matches!(kind, CALL | SEND) {
                *credit -= size as i64;
            }
            end += size;
        }
        self.taken += end as u64;
        (end > 0).then(|| self.staged.split_to(end))
    }

    /// How many one-way calls wait.
    pub(super) fn sends(&self) -> usize {
        [&self.staged[..], &self.open[..]].into_iter().map(sends).sum()
    }
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

    fn push(queue: &mut Queue, size: usize) {
        let start = wire::open(SEND, queue.open());
        queue.open().resize(start + size, 0);
        wire::seal(start, queue.open());
    }

    #[test]
    fn a_backlog_goes_in_one_frame_until_the_credit_ends() {
        let mut queue = Queue::default();
        for _ in 0..10 {
            push(&mut queue, 100);
        }
        let mut credit = 450;
        assert_eq!(queue.frame(&mut credit).unwrap().len(), 500);
        assert_eq!((credit, queue.taken(), queue.waiting(), queue.sends()), (-50, 500, 500, 5));
        assert!(queue.frame(&mut credit).is_none());
        credit += 10_000;
        push(&mut queue, 100);
        assert_eq!(queue.frame(&mut credit).unwrap().len(), 500);
        assert_eq!(queue.frame(&mut credit).unwrap().len(), 100);
        assert!(queue.frame(&mut credit).is_none());
    }

    #[test]
    fn frames_are_cut_between_records() {
        let mut queue = Queue::default();
        for size in [FRAME / 2, FRAME / 2, 10, FRAME * 3, 10] {
            push(&mut queue, size);
        }
        let mut credit = i64::MAX;
        let frames: Vec<_> = std::iter::from_fn(|| queue.frame(&mut credit)).map(|frame| frame.len()).collect();
        assert_eq!(frames, [FRAME, 10, FRAME * 3, 10]);
    }
}
