//! What the records say, as bytes. Whatever changes here changes the file's version, in `head.rs`.
//!
//! | kind | record |
//! | --- | --- |
//! | 1 | a snapshot begins: revision (8), leases (8), keys (8); as many records of kinds 2 and 3 follow |
//! | 2 | a lease, or one that was granted: id (8), seconds (8), nanoseconds (4) |
//! | 3 | a key: as below |
//! | 4 | changes of one revision: revision (8), the lease that ended with them (8; 0: none), how many (4); each a 0 and a key's name, or a 1 and a key |
//!
//! A key: created (8), modified (8), version (8), lease (8), its name, its value. Names and values have their length (4) before them.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;

use crate::registry::{
    LeaseId,
    store::{Change, Contents, Entry, Record, limits},
};

/// A record of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Item {
    Begin { revision: i64, leases: u64, keys: u64 },
    Key(Record),
    Entry(Entry),
}

const BEGIN: u8 = 1;
const LEASE: u8 = 2;
const KEY: u8 = 3;
const CHANGES: u8 = 4;

pub(super) fn begin(out: &mut Vec<u8>, contents: &Contents) {
    out.push(BEGIN);
    number(out, contents.revision);
    for count in [contents.leases.len(), contents.keys.len()] {
        out.extend((count as u64).to_le_bytes());
    }
}

pub(super) fn lease(out: &mut Vec<u8>, id: LeaseId, ttl: Duration) {
    out.push(LEASE);
    number(out, id);
    out.extend(ttl.as_secs().to_le_bytes());
    out.extend(ttl.subsec_nanos().to_le_bytes());
}

pub(super) fn key(out: &mut Vec<u8>, record: &Record) {
    out.push(KEY);
    write_record(out, record);
}

pub(super) fn entry(out: &mut Vec<u8>, entry: &Entry) {
    match entry {
        Entry::Granted { lease: id, ttl } => lease(out, *id, *ttl),
        Entry::Committed { revision, ended, changes } => {
            out.push(CHANGES);
            number(out, *revision);
            number(out, *ended);
            length(out, changes.len());
            for change in changes.iter() {
                out.push(u8::from(change.now.is_some()));
                match &change.now {
                    Some(record) => write_record(out, record),
                    None => bytes(out, &change.key),
                }
            }
        }
    }
}

/// `None`: it is none of them.
pub(super) fn read(record: &[u8]) -> Option<Item> {
    let mut left = Left(record);
    let item = match left.byte()? {
        BEGIN => Item::Begin { revision: left.revision()?, leases: left.count()?, keys: left.count()? },
        LEASE => {
            let (lease, seconds, nanoseconds) = (left.number()?, left.count()?, u32::from_le_bytes(left.array()?));
            if nanoseconds >= 1_000_000_000 {
                return None;
            }
            let ttl = Duration::new(seconds, nanoseconds);
            // Lease 0 is none.
            if lease == 0 || ttl > limits::TTL {
                return None;
            }
            Item::Entry(Entry::Granted { lease, ttl })
        }
        KEY => Item::Key(left.record()?),
        CHANGES => {
            let (revision, ended, count) = (left.revision()?, left.number()?, u32::from_le_bytes(left.array()?));
            let changes = (0..count).map(|_| left.change(revision)).collect::<Option<Arc<[_]>>>()?;
            Item::Entry(Entry::Committed { revision, ended, changes })
        }
        _ => return None,
    };
    left.0.is_empty().then_some(item)
}

fn write_record(out: &mut Vec<u8>, record: &Record) {
    for value in [record.created, record.modified, record.version, record.lease] {
        number(out, value);
    }
    bytes(out, &record.key);
    bytes(out, &record.value);
}

fn number(out: &mut Vec<u8>, number: i64) {
    out.extend(number.to_le_bytes());
}

/// The store's limits are far below the largest number; if it were larger, the record would be too long as well.
fn length(out: &mut Vec<u8>, length: usize) {
    out.extend(u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
}

fn bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    length(out, bytes.len());
    out.extend(bytes);
}

/// What is yet to be read.
struct Left<'a>(&'a [u8]);

impl Left<'_> {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*array)
    }

    fn byte(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    fn number(&mut self) -> Option<i64> {
        self.array().map(i64::from_le_bytes)
    }

    /// One that a store can have, and go on from.
    fn revision(&mut self) -> Option<i64> {
        self.number().filter(|revision| (1..i64::MAX / 2).contains(revision))
    }

    fn count(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    fn bytes(&mut self) -> Option<Bytes> {
        let length = usize::try_from(u32::from_le_bytes(self.array()?)).ok()?;
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        // Not a part of the whole record: that would stay in memory as long as any part of it.
        Some(Bytes::copy_from_slice(bytes))
    }

    fn record(&mut self) -> Option<Record> {
        let (created, modified) = (self.revision()?, self.revision()?);
        // A version is counted as revisions are, and is never more.
        let (version, lease) = (self.revision()?, self.number()?);
        Some(Record { created, modified, version, lease, key: self.bytes()?, value: self.bytes()? })
    }

    fn change(&mut self, revision: i64) -> Option<Change> {
        match self.byte()? {
            0 => Some(Change::new(revision, self.bytes()?, None, None)),
            1 => {
                let record = self.record()?;
                Some(Change::new(revision, record.key.clone(), Some(Arc::new(record)), None))
            }
            _ => None,
        }
    }
}
