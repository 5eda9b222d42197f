//! What a file says.

use bytes::Bytes;

use super::{
    change::Known,
    entry::{Entry, Head, VERSION, read},
};
use crate::{
    frames::{self, Frame, Frames},
    replica::{Point, Record},
};

/// A member, as it stands in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Restored {
    pub(crate) head: Head,
    pub(crate) known: Known,
    /// Where its log begins, and the state there.
    pub(crate) base: Point,
    pub(crate) state: Bytes,
    /// What comes after that. Of the last of them nobody may have been told.
    pub(crate) records: Vec<Record>,
    /// Up to here the file is to be believed; what comes after was never acknowledged.
    pub(crate) length: u64,
}

/// Why a file is not to be believed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    /// It is no journal, or its beginning is damaged.
    #[error("it does not begin as a journal does")]
    Foreign,
    /// It was written by another release.
    #[error("it has version {0}, and this release of Ember reads version {VERSION}")]
    Version(u32),
    /// What was acknowledged is not in it as it was.
    #[error("it is damaged at byte {0}, where it was on the disk as a whole")]
    Damaged(u64),
}

/// Reads a whole file.
pub(crate) fn restore(file: &[u8]) -> Result<Restored, Refused> {
    let mut entries = Entries::of(file);
    let Ok(Some(Entry::Head(head))) = entries.next() else { return Err(Refused::Foreign) };
    if head.version != VERSION {
        return Err(Refused::Version(head.version));
    }
    // All this was on the disk before the file had its name.
    let damaged = |entries: &Entries<'_>| Refused::Damaged(entries.at);
    let at = entries.at;
    let Ok(Some(Entry::Base(base, bytes))) = entries.next() else { return Err(damaged(&entries)) };
    if !base.is_possible(0) {
        return Err(Refused::Damaged(at));
    }
    let mut state = Vec::new();
    while (state.len() as u64) < bytes {
        let Ok(Some(Entry::Piece(piece))) = entries.next() else { return Err(damaged(&entries)) };
        state.extend_from_slice(&piece);
    }
    let Ok(Some(Entry::Knows(mut known))) = entries.next() else { return Err(damaged(&entries)) };
    if state.len() as u64 != bytes {
        return Err(damaged(&entries));
    }
    let mut records = Vec::new();
    loop {
        let at = entries.at;
        match entries.next() {
            Ok(Some(entry)) => follow(entry, base, &mut known, &mut records).ok_or(Refused::Damaged(at))?,
            Ok(None) => break,
            Err(unreadable) if unreadable.is_whole || was_synced(file, at) => return Err(Refused::Damaged(at)),
            Err(_) => break,
        }
    }
    Ok(Restored { head, known, base, state: state.into(), records, length: entries.at })
}

/// Does what an entry says. `None`: it does not follow on what is there.
fn follow(entry: Entry, base: Point, known: &mut Known, records: &mut Vec<Record>) -> Option<()> {
    let last = base.index + records.len() as u64;
    match entry {
        Entry::Knows(knows) => *known = knows,
        Entry::Cut(index) => {
            let keep = index.checked_sub(base.index).filter(|_| index <= last)?;
            records.truncate(usize::try_from(keep).ok()?);
        }
        Entry::Record(index, record) if index == last + 1 => records.push(record),
        Entry::Synced => {}
        Entry::Head(_) | Entry::Base(..) | Entry::Piece(_) | Entry::Record(..) => return None,
    }
    Some(())
}

/// Whether anything that can be read after the byte `at` says that the file was on the disk beyond it.
fn was_synced(file: &[u8], at: u64) -> bool {
    let from = usize::try_from(at).unwrap_or(usize::MAX);
    (from + 1..file.len()).any(|start| {
        let rest = &file[start..];
        // Where there is no record, its length has no checksum: that is looked at first.
        match Frames::new(rest, rest.len() as u64).next() {
            Ok(Frame::Whole(frame)) => read(&frame).is_some_and(|(synced, _)| synced > at),
            _ => false,
        }
    })
}

/// There is no entry here.
struct Unreadable {
    /// And what is here is as it was written.
    is_whole: bool,
}

/// One entry after the other.
struct Entries<'a> {
    file: &'a [u8],
    /// Where the next one begins.
    at: u64,
}

impl<'a> Entries<'a> {
    fn of(file: &'a [u8]) -> Self {
        Self { file, at: 0 }
    }

    fn next(&mut self) -> Result<Option<Entry>, Unreadable> {
        let rest = usize::try_from(self.at).ok().and_then(|at| self.file.get(at..)).unwrap_or_default();
        match Frames::new(rest, rest.len() as u64).next() {
            Ok(Frame::End) => Ok(None),
            Ok(Frame::Whole(frame)) => {
                let (_, entry) = read(&frame).ok_or(Unreadable { is_whole: true })?;
                self.at += (frames::HEAD + frame.len()) as u64;
                Ok(Some(entry))
            }
            Ok(Frame::Cut(_)) | Err(_) => Err(Unreadable { is_whole: false }),
        }
    }
}
