//! Files that are cut off, or damaged, at every place.

use std::collections::BTreeSet;

use bytes::Bytes;

use super::{restored::Refused, *};
use crate::{
    id::{Epoch, Incarnation, NodeId, NodeKey, Pid},
    replica::{InSync, Member, Point, Record},
};

fn member() -> Member {
    Member::first(Pid { node: NodeKey { id: NodeId(7), incarnation: Incarnation(9) }, number: 3 })
}

fn knows(epoch: u64, version: u64) -> Known {
    let set = InSync { version, members: BTreeSet::from([member()]) };
    Known { member: member(), epoch: Epoch(epoch), set, has_state: true }
}

fn record(epoch: u64, text: &'static str) -> Record {
    Record::new(Epoch(epoch), vec![Bytes::from_static(text.as_bytes()), Bytes::new()])
}

const BASE: Point = Point { epoch: Epoch(1), index: 4 };

/// A file as it grows: what was written at once, and what it says up to there.
struct File {
    bytes: Vec<u8>,
    /// Where each entry ends, and what the file says then. Only of those that are not part of its beginning.
    steps: Vec<(usize, Known, Vec<Record>)>,
    /// Where its beginning ends, and what was written at once before the last.
    begins: usize,
    synced: usize,
}

fn file() -> File {
    let mut bytes = Vec::new();
    let head = Head { version: VERSION, group: "Ledger/Ledger (server 0)".into(), types: (1, 2) };
    let state = Entry::Piece(Bytes::from_static(b"the state"));
    for entry in [Entry::Head(head), Entry::Base(BASE, 9), state, Entry::Knows(knows(2, 1))] {
        add(&mut bytes, 0, &entry).unwrap();
    }
    let (mut known, mut records) = (knows(2, 1), Vec::new());
    let (begins, mut synced) = (bytes.len(), bytes.len());
    let mut steps = vec![(begins, known.clone(), records.clone())];
    let groups = [
        vec![Entry::Record(5, record(2, "five")), Entry::Record(6, record(2, "six"))],
        vec![Entry::Record(7, record(2, "seven"))],
        vec![Entry::Knows(knows(3, 2)), Entry::Cut(5), Entry::Record(6, record(3, "another six"))],
        vec![Entry::Record(7, record(3, "another seven")), Entry::Knows(knows(3, 3)), Entry::Record(8, record(3, "8"))],
    ];
    let last = groups.len() - 1;
    for (number, group) in groups.into_iter().enumerate() {
        let before = bytes.len();
        for entry in group {
            add(&mut bytes, before as u64, &entry).unwrap();
            match entry {
                Entry::Knows(knows) => known = knows,
                Entry::Cut(index) => records.truncate((index - BASE.index) as usize),
                Entry::Record(_, record) => records.push(record),
                _ => unreachable!(),
            }
            steps.push((bytes.len(), known.clone(), records.clone()));
        }
        if number == last {
            synced = before;
        }
    }
    File { bytes, steps, begins, synced }
}

/// What a file of so many bytes says.
fn said(file: &File, length: usize) -> &(usize, Known, Vec<Record>) {
    file.steps.iter().rev().find(|(end, ..)| *end <= length).unwrap()
}

#[test]
fn a_file_says_what_was_written() {
    let file = file();
    let restored = restore(&file.bytes).unwrap();
    let (length, known, records) = file.steps.last().unwrap();
    assert_eq!((restored.length, &restored.known, &restored.records), (*length as u64, known, records));
    assert_eq!((restored.base, &restored.state[..], restored.head.types), (BASE, &b"the state"[..], (1, 2)));
}

#[test]
fn a_file_that_ends_anywhere_says_what_was_written_whole() {
    let file = file();
    for length in 0..file.bytes.len() {
        let restored = restore(&file.bytes[..length]);
        if length < file.begins {
            assert!(matches!(restored, Err(Refused::Foreign | Refused::Damaged(_))), "{length}: {restored:?}");
            continue;
        }
        let (end, known, records) = said(&file, length);
        let restored = restored.unwrap();
        assert_eq!((restored.length, &restored.known, &restored.records), (*end as u64, known, records), "{length}");
    }
}

#[test]
fn a_byte_that_is_wrong_is_damage_or_the_end_of_what_nobody_was_told_of() {
    let file = file();
    for place in 0..file.bytes.len() {
        for wrong in [0x01, 0x80, 0xff] {
            let mut bytes = file.bytes.clone();
            bytes[place] ^= wrong;
            let restored = restore(&bytes);
            if place < file.synced {
                assert!(restored.is_err(), "{place}: what was on the disk is not cut off: {restored:?}");
                continue;
            }
            let (end, known, records) = said(&file, place);
            let restored = restored.unwrap();
            assert_eq!((restored.length, &restored.known, &restored.records), (*end as u64, known, records), "{place}");
        }
    }
}

#[test]
fn a_write_of_which_any_part_is_missing_is_cut_off_where_that_begins() {
    let file = file();
    let step = 5;
    for from in (file.synced..file.bytes.len()).step_by(step) {
        for to in (from..file.bytes.len()).step_by(step).skip(1) {
            let mut bytes = file.bytes.clone();
            // A block that never came to the disk, in a file that has its length.
            bytes[from..to].fill(0);
            if bytes == file.bytes {
                continue;
            }
            let changed = (from..to).find(|at| bytes[*at] != file.bytes[*at]).unwrap();
            let (end, _, records) = said(&file, changed);
            let restored = restore(&bytes).unwrap();
            assert_eq!((restored.length, &restored.records), (*end as u64, records), "{from}..{to}");
        }
    }
}

#[test]
fn a_seal_makes_the_last_write_one_that_is_not_cut_off() {
    let file = file();
    let mut bytes = file.bytes.clone();
    add(&mut bytes, file.bytes.len() as u64, &Entry::Synced).unwrap();
    assert!(restore(&bytes).is_ok());
    for place in file.synced..file.bytes.len() {
        let mut bytes = bytes.clone();
        bytes[place] ^= 0x40;
        assert!(matches!(restore(&bytes), Err(Refused::Damaged(_))), "{place}");
    }
}

#[test]
fn what_does_not_follow_is_damage_also_with_all_its_checksums() {
    let wrong = [
        Entry::Record(10, record(3, "one is missing")),
        Entry::Record(8, record(3, "again")),
        Entry::Cut(3),
        Entry::Cut(9),
        Entry::Base(BASE, 0),
        Entry::Piece(Bytes::new()),
    ];
    for entry in wrong {
        let mut file = file();
        add(&mut file.bytes, 0, &entry).unwrap();
        assert!(matches!(restore(&file.bytes), Err(Refused::Damaged(_))), "{entry:?}");
    }
    let mut file = file();
    crate::frames::add(&mut file.bytes, |out| out.extend([0xff; 40])).unwrap();
    assert!(matches!(restore(&file.bytes), Err(Refused::Damaged(_))), "an entry of no kind that is known");
}

#[test]
fn a_state_of_a_record_that_no_log_reaches_is_damage() {
    for base in [Point { index: u64::MAX, ..BASE }, Point { index: 0, ..BASE }] {
        let mut bytes = Vec::new();
        let head = Head { version: VERSION, group: "Ledger".into(), types: (1, 2) };
        for entry in [Entry::Head(head), Entry::Base(base, 0), Entry::Knows(knows(2, 1)), Entry::Cut(3)] {
            add(&mut bytes, 0, &entry).unwrap();
        }
        assert!(matches!(restore(&bytes), Err(Refused::Damaged(_))), "{base:?}");
        add(&mut bytes, 0, &Entry::Record(1, record(1, "one"))).unwrap();
        assert!(matches!(restore(&bytes), Err(Refused::Damaged(_))), "{base:?}");
    }
}

#[test]
fn another_version_is_named_and_nothing_else_is_a_journal() {
    let mut bytes = Vec::new();
    let head = Head { version: VERSION + 1, group: "Ledger".into(), types: (1, 2) };
    add(&mut bytes, 0, &Entry::Head(head)).unwrap();
    assert_eq!(restore(&bytes), Err(Refused::Version(VERSION + 1)));
    assert_eq!(restore(b""), Err(Refused::Foreign));
    assert_eq!(restore(b"an essay on journals, which is none"), Err(Refused::Foreign));
}
