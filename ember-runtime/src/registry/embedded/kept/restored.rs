//! Reads a file back: what the store held, or why it is not to be believed.

use std::{
    io::{self, Read},
    sync::Arc,
};

use super::{
    encoding::{self, Item},
    frames::{Broken, Frame, Frames},
    head::{self, Head},
};
use crate::registry::store::{Contents, Entry};

/// What is larger is none of ours: a snapshot has at most the size of a full store, and what follows it about as much.
pub(super) const LARGEST: u64 = 1 << 30;

/// What a file says.
#[derive(Debug)]
pub(super) enum Restored {
    /// With how many bytes at the end that were half a record.
    Contents { contents: Contents, cut: u64 },
    /// It is of an earlier run of the machine.
    OtherBoot,
}

/// Why a file is not believed.
#[derive(Debug, thiserror::Error)]
pub(in super::super) enum Refused {
    #[error("it is no file of a registry")]
    Foreign,
    #[error("it has version {0} of the format, and this process knows version {known}: two releases of Ember use one folder", known = head::VERSION)]
    Version(u32),
    #[error("it is damaged in byte {at} or later ({what})")]
    Damaged { at: u64, what: &'static str },
    #[error("it has {0} bytes, and none has more than {LARGEST}")]
    TooLarge(u64),
    #[error("it cannot be read: {0}")]
    Io(#[from] io::Error),
}

/// Reads `length` bytes.
pub(super) fn read(mut from: impl Read, length: u64, boot: &str) -> Result<Restored, Refused> {
    if length > LARGEST {
        return Err(Refused::TooLarge(length));
    }
    let begin = match head::read(&mut from)? {
        Head::Own { boot: own, .. } if own != boot => return Ok(Restored::OtherBoot),
        Head::Own { length, .. } => length,
        Head::Version(version) => return Err(Refused::Version(version)),
        Head::Foreign => return Err(Refused::Foreign),
        Head::Damaged => return Err(Refused::Damaged { at: 0, what: "its head" }),
    };
    let mut records = Records { frames: Frames::new(from, length.saturating_sub(begin)), length };
    let mut contents = records.snapshot()?;
    let cut = loop {
        let at = records.at();
        let wrong = |what| Refused::Damaged { at, what };
        match records.next()? {
            Ok(Item::Entry(entry)) => contents.apply(&entry).map_err(wrong)?,
            Ok(_) => return Err(wrong("a record of a snapshot outside of one")),
            Err(cut) => break cut,
        }
    };
    if !contents.is_whole() {
        return Err(Refused::Damaged { at: begin, what: "a key has a lease that is not there" });
    }
    Ok(Restored::Contents { contents, cut })
}

struct Records<R> {
    frames: Frames<R>,
    length: u64,
}

impl<R: Read> Records<R> {
    /// Where the next record begins.
    fn at(&self) -> u64 {
        self.length - self.frames.left()
    }

    /// A record, or at the end the size of the piece of one.
    fn next(&mut self) -> Result<Result<Item, u64>, Refused> {
        let at = self.at();
        match self.frames.next() {
            Ok(Frame::Whole(record)) => {
                encoding::read(&record).map(Ok).ok_or(Refused::Damaged { at, what: "a record that says nothing" })
            }
            Ok(Frame::Cut(bytes)) => Ok(Err(bytes)),
            Ok(Frame::End) => Ok(Err(0)),
            Err(Broken::Checksum) => Err(Refused::Damaged { at, what: "a checksum" }),
            Err(Broken::Io(error)) => Err(Refused::Io(error)),
        }
    }

    /// Of a snapshot nothing is ever missing: it was whole before it had its name.
    fn snapshot(&mut self) -> Result<Contents, Refused> {
        let at = self.at();
        let wrong = |what| Refused::Damaged { at, what };
        let Ok(Item::Begin { revision, leases, keys }) = self.next()? else {
            return Err(wrong("no snapshot"));
        };
        let mut contents = Contents { revision, ..Contents::default() };
        for _ in 0..leases {
            let Ok(Item::Entry(Entry::Granted { lease, ttl })) = self.next()? else {
                return Err(wrong("a lease is missing in the snapshot"));
            };
            contents.leases.insert(lease, ttl);
        }
        for _ in 0..keys {
            let Ok(Item::Key(record)) = self.next()? else {
                return Err(wrong("a key is missing in the snapshot"));
            };
            contents.keys.insert(record.key.clone(), Arc::new(record));
        }
        Ok(contents)
    }
}
