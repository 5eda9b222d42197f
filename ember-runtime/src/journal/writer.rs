//! Writes changes to a disk, and has the file made anew when most of it is past.

use std::io;

use bytes::Bytes;

use super::disk::Disk;
use crate::replica::{
    Point, Record,
    journal::{Change, Entry, Head, Known, add},
};

/// A state is written in pieces of this size, between which others' changes are.
const PIECE: usize = if cfg!(test) { 1 << 10 } else { 1 << 20 };
/// How large what comes after the state may become, however small that is.
pub(super) const SMALL: u64 = 4 << 20;

/// After an error it is of no use any more: nobody knows what is on the disk.
#[derive(Debug)]
pub(super) struct Writer {
    disk: Box<dyn Disk>,
    head: Head,
    /// How long the file is, and up to where it is on the disk.
    length: u64,
    synced: u64,
    /// How long it was when it was made.
    made: u64,
    next: Option<Next>,
    /// How often a disk was waited for.
    syncs: u64,
    /// A file that is made anew once it is so long.
    long: u64,
}

/// A file that is being written to take the place of the first.
#[derive(Debug)]
struct Next {
    state: Bytes,
    /// What follows on the state.
    after: Vec<u8>,
    length: u64,
}

impl Writer {
    /// Of a file of so many bytes, all of which are on the disk; 0: there is none.
    pub(super) fn new(disk: Box<dyn Disk>, head: Head, length: u64) -> Self {
        Self { disk, head, length, synced: length, made: 0, next: None, syncs: 0, long: SMALL }
    }

    /// Whether it is to be [shortened](Change::Shortened).
    pub(super) fn is_long(&self) -> bool {
        self.next.is_none() && self.length - self.made > self.made.max(self.long)
    }

    /// Whether a file is being written to take its place.
    pub(super) fn is_shortening(&self) -> bool {
        self.next.is_some()
    }

    pub(super) fn syncs(&self) -> u64 {
        self.syncs
    }

    /// Writes these; when it returns, they are on the disk.
    ///
    /// # Errors
    /// Nobody knows what of it is on the disk.
    pub(super) fn write(&mut self, changes: Vec<Change>) -> io::Result<()> {
        let mut bytes = Vec::new();
        for change in changes {
            match change {
                Change::Begins { known, base, state } => {
                    // Whatever was before is past.
                    bytes.clear();
                    self.make(&known, base, state)?;
                }
                Change::Shortened { known, base, state, records } => {
                    if let Err(error) = self.shorten(&known, base, state, records) {
                        self.not_shortened(&error);
                    }
                }
                Change::Knows(known) => self.enter(&mut bytes, &Entry::Knows(known))?,
                Change::Cut(index) => self.enter(&mut bytes, &Entry::Cut(index))?,
                Change::Record(index, record) => self.enter(&mut bytes, &Entry::Record(index, record))?,
            }
        }
        if bytes.is_empty() {
            return Ok(());
        }
        self.disk.append(&bytes)?;
        self.disk.sync()?;
        self.syncs += 1;
        self.length += bytes.len() as u64;
        self.synced = self.length;
        Ok(())
    }

    /// Says that all is on the disk, so that the last of it is believed too when it cannot be read any more. It is not waited for.
    ///
    /// # Errors
    /// Nobody knows what of it is on the disk.
    pub(super) fn seal(&mut self) -> io::Result<()> {
        if self.length == 0 {
            return Ok(());
        }
        let mut bytes = Vec::new();
        self.enter(&mut bytes, &Entry::Synced)?;
        self.disk.append(&bytes)?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Writes a piece more of the file that is to take the place of this one, and has it do so when that is whole.
    ///
    /// # Errors
    /// Nobody knows which of the two is there.
    pub(super) fn shorten_on(&mut self) -> io::Result<()> {
        match self.piece() {
            Ok(true) => self.take_over(),
            Ok(false) => Ok(()),
            Err(error) => {
                self.not_shortened(&error);
                Ok(())
            }
        }
    }

    /// What nobody was told of is not to be believed by whoever reads the file next: a disk that has refused it may still show it.
    pub(super) fn abandon(&mut self) -> io::Result<()> {
        self.disk.abandon(self.synced)
    }

    fn enter(&mut self, out: &mut Vec<u8>, entry: &Entry) -> io::Result<()> {
        add(out, self.synced, entry)?;
        if let Some(next) = &mut self.next {
            add(&mut next.after, 0, entry)?;
        }
        Ok(())
    }

    fn shorten(&mut self, known: &Known, base: Point, state: Bytes, records: Vec<Record>) -> io::Result<()> {
        let (mut start, mut after) = (Vec::new(), Vec::new());
        add(&mut start, 0, &Entry::Head(self.head.clone()))?;
        add(&mut start, 0, &Entry::Base(base, state.len() as u64))?;
        add(&mut after, 0, &Entry::Knows(known.clone()))?;
        for (record, index) in records.into_iter().zip(base.index + 1..) {
            add(&mut after, 0, &Entry::Record(index, record))?;
        }
        self.next = None;
        self.disk.begin()?;
        self.disk.add(&start)?;
        self.next = Some(Next { state, after, length: start.len() as u64 });
        Ok(())
    }

    /// Makes a whole file, however long that takes.
    fn make(&mut self, known: &Known, base: Point, state: Bytes) -> io::Result<()> {
        self.shorten(known, base, state, Vec::new())?;
        while !self.piece()? {}
        self.take_over()
    }

    /// Writes what comes next of the next file; whether that is whole then.
    fn piece(&mut self) -> io::Result<bool> {
        let Some(next) = &mut self.next else { return Ok(false) };
        let mut bytes = Vec::new();
        let is_whole = next.state.is_empty();
        if is_whole {
            bytes.append(&mut next.after);
        } else {
            let piece = next.state.split_to(next.state.len().min(PIECE));
            add(&mut bytes, 0, &Entry::Piece(piece))?;
        }
        self.disk.add(&bytes)?;
        next.length += bytes.len() as u64;
        self.syncs += 1;
        Ok(is_whole)
    }

    fn take_over(&mut self) -> io::Result<()> {
        let Some(next) = self.next.take() else { return Ok(()) };
        self.disk.replace()?;
        self.syncs += 1;
        (self.length, self.synced, self.made) = (next.length, next.length, next.length);
        self.long = SMALL;
        Ok(())
    }

    /// Nothing is lost. There may be no room for both files: perhaps later.
    fn not_shortened(&mut self, error: &io::Error) {
        self.next = None;
        self.long = self.length.saturating_sub(self.made).saturating_mul(2);
        tracing::warn!(
            target: "ember::cluster", %error, disk = ?self.disk,
            "a journal could not be written anew, and grows on: is there room for it?"
        );
    }
}
