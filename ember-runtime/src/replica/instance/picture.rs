//! What a master that is alone in sync has of its state beside its log, so that it can make that again: nobody else has it.
//!
//! It takes such a picture in its turn. What takes longest then is that the memory for it is used for the first time, page by page; so that
//! is done before, a little with each record, and the memory of the picture before is used again.

use std::{mem, sync::Arc};

use super::{Inner, KEPT_BYTES, Part, Replica};
use crate::replica::{Point, Record};

/// A state as it was after the record of this index.
#[derive(Clone)]
pub(crate) struct Picture {
    index: u64,
    /// The [`total`](crate::replica::Log::total) of the log then.
    total: usize,
    pub(crate) bytes: Arc<Vec<u8>>,
}

/// The last picture, and the memory for the next.
#[derive(Default)]
pub(super) struct Album {
    last: Option<Picture>,
    /// So many bytes the next one has more than the last, if it goes on like that.
    grows: usize,
    /// As long as what was used of it.
    blank: Vec<u8>,
}

/// The first use of a page of memory is so much of a record's time: what there is of the next picture grows by so many bytes with one byte of the log,
const USES: usize = 4;
/// and by so many at most at a time, unless the record has more itself.
const USES_AT_ONCE: usize = 256 * 1024;

impl Album {
    /// The record after which it has the state.
    pub(super) fn index(&self) -> Option<u64> {
        self.last.as_ref().map(|picture| picture.index)
    }

    fn keep(&mut self, picture: Picture) {
        let (before, now) = (self.bytes(), picture.bytes.len());
        self.grows = now.saturating_sub(before).saturating_mul(2).min(now);
        let last = self.last.replace(picture);
        self.blank = last.and_then(|last| Arc::into_inner(last.bytes)).unwrap_or_default();
    }

    fn bytes(&self) -> usize {
        self.last.as_ref().map_or(0, |picture| picture.bytes.len())
    }

    /// So many bytes of records have come since it was asked last: uses a part of the memory for the next picture.
    fn prepare(&mut self, bytes: usize) {
        let wanted = self.bytes() + self.grows;
        let used = self.blank.len();
        if used < wanted {
            if self.blank.capacity() < wanted {
                self.blank.reserve_exact(wanted - used);
            }
            // Not zeros, which an allocator may have without using anything.
            let more = bytes.saturating_mul(USES).min(USES_AT_ONCE.max(bytes));
            self.blank.resize(wanted.min(used + more), 1);
        }
    }
}

/// How many bytes its state had as a picture, and the [`total`](crate::replica::Log::total) of the log then.
#[derive(Default)]
pub(super) struct Size {
    bytes: usize,
    total: usize,
}

impl Inner {
    /// Its state has so many bytes now.
    pub(super) fn is_sized(&mut self, bytes: usize) {
        self.sized = Size { bytes, total: self.part.held().log().total() };
    }
}

impl Replica {
    /// About so many bytes a picture of its state has at most, as far as can be said without taking one.
    pub(crate) fn expected(&self) -> usize {
        let inner = self.lock();
        let Size { bytes, total } = inner.sized;
        let since = inner.part.held().log().total().saturating_sub(total);
        bytes + since.min(bytes.max(KEPT_BYTES))
    }

    /// A picture of its state has so many bytes now.
    pub(crate) fn is_sized(&self, bytes: usize) {
        self.lock().is_sized(bytes);
    }

    /// Whether its service is to [keep](Self::keep_picture) its state as it is now, after the last record: as a master that is alone in sync, whose
    /// state nobody else has, it could not make that again. Asked once after each record.
    pub(crate) fn wants_picture(&self) -> bool {
        let mut inner = self.lock();
        let Inner { part: Part::Leads(leader), album, .. } = &mut *inner else { return false };
        if !leader.is_alone() {
            return false;
        }
        let log = leader.held().log();
        let (index, total) = album.last.as_ref().map_or((0, 0), |picture| (picture.index, picture.total));
        // Of a large state one is taken less often.
        let is_long = log.total().wrapping_sub(total) > album.bytes().max(KEPT_BYTES / 2);
        let is_due = is_long || log.last().index.saturating_sub(index) > self.terms.kept / 2;
        if !is_due {
            album.prepare(log.get(log.last().index).map_or(0, Record::size));
        }
        is_due
    }

    /// Whether it could not make its state again if that broke now: it is alone in sync, its log begins too late, and there is no picture.
    pub(crate) fn lacks_picture(&self) -> bool {
        let inner = self.lock();
        inner.is_alone() && inner.album.last.is_none() && inner.part.held().log().base() != Point::NOTHING
    }

    /// Memory for a picture.
    pub(crate) fn blank(&self) -> Vec<u8> {
        let mut blank = mem::take(&mut self.lock().album.blank);
        blank.clear();
        blank
    }

    /// Its state after the record of this index. It keeps that as long as nobody else has it.
    pub(crate) fn keep_picture(&self, index: u64, bytes: Vec<u8>) {
        let mut inner = self.lock();
        let is_alone = inner.is_alone();
        let Inner { part, album, .. } = &mut *inner;
        if !is_alone {
            return;
        }
        album.keep(Picture { index, total: part.held().log().total(), bytes: Arc::new(bytes) });
    }

    /// Its service has panicked as it applied the record of this index, which is dropped: of what its state can be made again, a picture and the
    /// records after that. Nothing, if it cannot, or if it is not alone in sync: then another has the state, without that record.
    pub(crate) fn made_of(&self, index: u64) -> Option<(Option<Picture>, Vec<Record>)> {
        let inner = &mut *self.lock();
        let Part::Leads(leader) = &mut inner.part else { return None };
        let picture = inner.album.last.clone();
        let after = picture.as_ref().map_or(0, |picture| picture.index);
        let records = leader.held().log().after(after, index - 1, usize::MAX)?;
        leader.forgets(index).then(|| {
            inner.applies = None;
            (picture, records)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_of_a_picture_was_used_before() {
        let mut album = Album::default();
        let mut blank = Vec::new();
        for (index, size) in [(1, 1_000_000), (2, 2_000_000), (3, 3_000_000), (4, 3_000_000)] {
            // As many bytes of records as the last picture has, in records of 1 kB.
            for _ in 0..album.bytes() / 1_000 {
                album.prepare(1_000);
            }
            blank.push(album.blank.len());
            let mut bytes = mem::take(&mut album.blank);
            bytes.clear();
            bytes.resize(size, 7);
            album.keep(Picture { index, total: 0, bytes: Arc::new(bytes) });
        }
        assert_eq!(album.index(), Some(4));
        assert!(
            blank.iter().zip([0, 2_000_000, 3_000_000, 3_000_000]).all(|(had, needed)| *had >= needed),
            "{blank:?}"
        );
    }
}
