//! What a master that is alone in sync has of its state beside its log, so that it can make that again: nobody else has it. It takes such a picture in
//! its turn.

use std::{mem, sync::Arc};

use super::{
    Inner, KEPT_BYTES, Part, Replica,
    album::{Picture, Size},
};
use crate::replica::{Point, Record};

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
