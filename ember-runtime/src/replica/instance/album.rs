//! Pictures of a state, and the memory for them. What takes longest when one is taken is that this is used for the first time, page by page; so
//! that is done before, a little with each record, and the memory of the picture before is used again.

use std::sync::Arc;

/// A state as it was after the record of this index.
#[derive(Clone)]
pub(crate) struct Picture {
    pub(super) index: u64,
    /// The [`total`](crate::replica::Log::total) of the log then.
    pub(super) total: usize,
    pub(crate) bytes: Arc<Vec<u8>>,
}

/// The last picture, and the memory for the next.
#[derive(Default)]
pub(super) struct Album {
    pub(super) last: Option<Picture>,
    /// So many bytes the next one has more than the last, if it goes on like that.
    grows: usize,
    /// As long as what was used of it.
    pub(super) blank: Vec<u8>,
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

    pub(super) fn keep(&mut self, picture: Picture) {
        let (before, now) = (self.bytes(), picture.bytes.len());
        self.grows = now.saturating_sub(before).saturating_mul(2).min(now);
        let last = self.last.replace(picture);
        self.blank = last.and_then(|last| Arc::into_inner(last.bytes)).unwrap_or_default();
    }

    pub(super) fn bytes(&self) -> usize {
        self.last.as_ref().map_or(0, |picture| picture.bytes.len())
    }

    /// So many bytes of records have come since it was asked last: uses a part of the memory for the next picture.
    pub(super) fn prepare(&mut self, bytes: usize) {
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
    pub(super) bytes: usize,
    pub(super) total: usize,
}

#[cfg(test)]
mod tests {
    use std::mem;

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
