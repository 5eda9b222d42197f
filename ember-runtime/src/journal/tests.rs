//! A machine that stops at every step of a journal, with any part of what was not on the disk: whoever is started on it has all that was
//! acknowledged, and nothing that was never written.

use std::{
    collections::BTreeSet,
    io,
    sync::{Arc, Mutex},
};

use bytes::Bytes;

use super::{disk::Disk, writer::Writer};
use crate::{
    id::{Epoch, Incarnation, NodeId, NodeKey, Pid},
    replica::{
        InSync, Member, Point, Record,
        journal::{Change, Head, Known, Restored, VERSION, restore},
    },
    rng::Rng,
    sync::lock,
};

/// A disk that stops after so many steps.
#[derive(Debug, Clone, Default)]
struct Fragile(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    file: Option<File>,
    next: Option<File>,
    /// What the name still stands for on the disk, if a file has been renamed and that is not on the disk yet.
    before: Option<Option<File>>,
    steps: usize,
    taken: usize,
}

#[derive(Debug, Clone, Default)]
struct File {
    bytes: Vec<u8>,
    synced: usize,
}

impl State {
    fn step(&mut self) -> io::Result<()> {
        if self.taken == self.steps {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.taken += 1;
        Ok(())
    }
}

/// In two steps.
fn write(state: &mut State, bytes: &[u8], which: impl Fn(&mut State) -> &mut Option<File>) -> io::Result<()> {
    let (first, second) = bytes.split_at(bytes.len() / 2);
    for part in [first, second] {
        state.step()?;
        which(state).as_mut().ok_or(io::ErrorKind::NotFound)?.bytes.extend(part);
    }
    Ok(())
}

impl Disk for Fragile {
    fn begin(&mut self) -> io::Result<()> {
        let mut state = lock(&self.0);
        state.step()?;
        state.next = Some(File::default());
        Ok(())
    }

    fn add(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut state = lock(&self.0);
        write(&mut state, bytes, |state| &mut state.next)?;
        state.step()?;
        let next = state.next.as_mut().ok_or(io::ErrorKind::NotFound)?;
        next.synced = next.bytes.len();
        Ok(())
    }

    fn replace(&mut self) -> io::Result<()> {
        let mut state = lock(&self.0);
        state.step()?;
        let next = state.next.take();
        assert!(next.as_ref().is_some_and(|it| it.synced == it.bytes.len()), "a file that is not on the disk");
        state.before = Some(std::mem::replace(&mut state.file, next));
        state.step()?;
        state.before = None;
        Ok(())
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        write(&mut lock(&self.0), bytes, |state| &mut state.file)
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut state = lock(&self.0);
        state.step()?;
        let file = state.file.as_mut().ok_or(io::ErrorKind::NotFound)?;
        file.synced = file.bytes.len();
        Ok(())
    }

    fn abandon(&mut self, length: u64) -> io::Result<()> {
        if let Some(file) = &mut lock(&self.0).file {
            file.bytes.truncate(length as usize);
        }
        Ok(())
    }
}

/// The machine starts again: any part of what was not on the disk is there.
fn machine_starts(disk: &Fragile, rng: &Rng) {
    let mut state = lock(&disk.0);
    state.next = None;
    if let Some(before) = state.before.take()
        && rng.below(2) == 0
    {
        state.file = before;
    }
    let Some(file) = &mut state.file else { return };
    let unsure = file.bytes.len() - file.synced;
    let tail = &mut file.bytes[file.synced..];
    match rng.below(4) {
        0 => {}
        1 => tail[rng.below(unsure + 1)..].fill(0),
        2 => tail[..rng.below(unsure + 1)].fill(0),
        _ => {
            let keep = file.synced + rng.below(unsure + 1);
            file.bytes.truncate(keep);
        }
    }
    file.synced = file.bytes.len();
}

/// What a member has.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Has {
    known: Known,
    base: u64,
    records: Vec<Record>,
    /// What is in a state that was written was acknowledged, and is not cut off.
    acknowledged: u64,
}

fn knows(incarnation: u32, epoch: u64, version: u64) -> Known {
    let pid = Pid { node: NodeKey { id: NodeId(7), incarnation: Incarnation(9) }, number: 3 };
    let member = Member { pid, incarnation };
    let set = InSync { version, members: BTreeSet::from([member]) };
    Known { member, epoch: Epoch(epoch), set, has_state: epoch > 0 }
}

/// The state at a point, so large that it has several pieces sometimes.
fn state_at(base: Point) -> Bytes {
    let times = if base.index % 5 == 4 { 200 } else { base.index as usize };
    format!("state {base:?} ").repeat(times).into()
}

impl Has {
    fn new() -> Self {
        Self { known: knows(0, 0, 0), base: 0, records: Vec::new(), acknowledged: 0 }
    }

    fn last(&self) -> u64 {
        self.base + self.records.len() as u64
    }

    fn point(&self, index: u64) -> Point {
        let epoch = index.checked_sub(self.base + 1).map_or(Epoch(0), |at| self.records[at as usize].epoch);
        if index == 0 { Point::NOTHING } else { Point { epoch: epoch.max(Epoch(1)), index } }
    }

    /// What a member does next, and what it has then.
    fn next(&mut self, rng: &Rng) -> Vec<Change> {
        let (epoch, version) = (self.known.epoch.number().max(1), self.known.set.version);
        match rng.below(12) {
            0 => {
                self.known = knows(self.known.member.incarnation, epoch + 1, 1);
                vec![Change::Knows(self.known.clone())]
            }
            1 => {
                self.known = knows(self.known.member.incarnation, epoch, version + 1);
                vec![Change::Knows(self.known.clone())]
            }
            2 if self.last() > self.base.max(self.acknowledged) => {
                let most = self.last() - self.base.max(self.acknowledged);
                let index = self.last() - 1 - rng.below(most.min(2) as usize) as u64;
                self.records.truncate((index - self.base) as usize);
                vec![Change::Cut(index)]
            }
            3 => {
                self.known = knows(self.known.member.incarnation + 1, epoch, version);
                let base = Point { epoch: Epoch(epoch), index: self.last() + rng.below(9) as u64 + 1 };
                (self.base, self.records, self.acknowledged) = (base.index, Vec::new(), 0);
                vec![Change::Begins { known: self.known.clone(), base, state: state_at(base) }]
            }
            4 | 5 => {
                // The log of the member itself begins where it did.
                let index = self.base + rng.below(self.records.len() + 1) as u64;
                let base = self.point(index);
                let records = self.records[(index - self.base) as usize..].to_vec();
                if index == 0 || index == self.base {
                    return Vec::new();
                }
                self.acknowledged = self.acknowledged.max(index);
                vec![Change::Shortened { known: self.known.clone(), base, state: state_at(base), records }]
            }
            _ => (0..=rng.below(3))
                .map(|_| {
                    let record = Record::new(Epoch(epoch), vec![vec![7; rng.below(60)].into()]);
                    self.records.push(record.clone());
                    Change::Record(self.last(), record)
                })
                .collect(),
        }
    }

    /// Whether a file that says this is one of a member that has this.
    fn is(&self, restored: &Restored) -> bool {
        let Restored { known, base, state, records, .. } = restored;
        let Some(skip) = base.index.checked_sub(self.base) else { return false };
        let known_state = if base.index == 0 { Bytes::new() } else { state_at(*base) };
        known == &self.known && self.records.get(skip as usize..) == Some(records) && *state == known_state
    }
}

fn head() -> Head {
    Head { version: VERSION, group: "Ledger".into(), types: (1, 2) }
}

/// One life of a process: it writes until the disk stops. What it may have on the disk then; the first of them it has at least.
fn live(disk: &Fragile, mut has: Has, length: u64, rng: &Rng) -> Vec<Has> {
    let mut writer = Writer::new(Box::new(disk.clone()), head(), length);
    let mut may_be = vec![has.clone()];
    for turn in 0..60 {
        let mut changes = Vec::new();
        if length == 0 && turn == 0 {
            changes.push(Change::Begins { known: has.known.clone(), base: Point::NOTHING, state: Bytes::new() });
        }
        // What has gathered is written at once.
        for _ in 0..=rng.below(3) {
            let next = has.next(rng);
            for change in next {
                may_be.push(after(may_be.last().unwrap(), &change));
                changes.push(change);
            }
        }
        if writer.write(changes).is_err() {
            return may_be;
        }
        may_be = vec![has.clone()];
        let on = match rng.below(4) {
            0 => writer.seal(),
            _ => writer.shorten_on(),
        };
        if on.is_err() {
            return may_be;
        }
    }
    may_be
}

/// What a member has that had this, after one change.
fn after(has: &Has, change: &Change) -> Has {
    let mut has = has.clone();
    match change {
        Change::Knows(known) => has.known = known.clone(),
        Change::Begins { known, base, .. } => {
            has = Has { known: known.clone(), base: base.index, records: Vec::new(), acknowledged: 0 };
        }
        Change::Cut(index) => has.records.truncate((index - has.base) as usize),
        Change::Record(_, record) => has.records.push(record.clone()),
        Change::Shortened { base, .. } => has.acknowledged = has.acknowledged.max(base.index),
    }
    has
}

#[test]
fn a_machine_that_stops_at_any_step_has_all_that_was_acknowledged_when_it_starts_again() {
    let mut shortened = 0;
    for seed in 0..12 {
        for steps in 0..90 {
            let rng = Rng::from_seed(seed);
            let disk = Fragile::default();
            let (mut has, mut length) = (Has::new(), 0);
            for life in 0..3 {
                // The first lives as long as the seed says, the others are stopped early.
                let mut state = lock(&disk.0);
                (state.taken, state.steps) = (0, if life == 0 { steps } else { 5 + rng.below(40) });
                drop(state);
                let may_be = live(&disk, has.clone(), length, &rng);
                machine_starts(&disk, &rng);
                let file = lock(&disk.0).file.clone();
                let Some(file) = file else {
                    assert!(length == 0 && may_be[0] == Has::new(), "seed {seed}, {steps} steps: the file is gone");
                    continue;
                };
                let restored = restore(&file.bytes);
                let restored = restored.unwrap_or_else(|why| panic!("seed {seed}, {steps} steps, life {life}: {why}"));
                let found = may_be.iter().rev().find(|has| has.is(&restored));
                has =
                    found.unwrap_or_else(|| panic!("seed {seed}, {steps} steps, life {life}: not what it had")).clone();
                shortened += u64::from(restored.base.index > has.base);
                length = restored.length;
                let mut state = lock(&disk.0);
                let file = state.file.as_mut().unwrap();
                file.bytes.truncate(length as usize);
                file.synced = file.bytes.len();
                // Its log begins where the file says.
                has.records.drain(..(restored.base.index - has.base) as usize);
                has.base = restored.base.index;
            }
        }
    }
    assert!(shortened > 50, "{shortened}");
}

#[test]
fn what_was_refused_is_not_found_again() {
    let disk = Fragile::default();
    lock(&disk.0).steps = usize::MAX;
    let mut writer = Writer::new(Box::new(disk.clone()), head(), 0);
    let known = knows(0, 1, 1);
    writer.write(vec![Change::Begins { known, base: Point::NOTHING, state: Bytes::new() }]).unwrap();
    writer.write(vec![Change::Record(1, Record::barrier(Epoch(1)))]).unwrap();
    // The next is written, and the disk says no when it is waited for.
    let mut state = lock(&disk.0);
    (state.taken, state.steps) = (0, 2);
    drop(state);
    writer.write(vec![Change::Record(2, Record::barrier(Epoch(1)))]).unwrap_err();
    assert_eq!(restore(&lock(&disk.0).file.clone().unwrap().bytes).unwrap().records.len(), 2);
    writer.abandon().unwrap();
    assert_eq!(restore(&lock(&disk.0).file.clone().unwrap().bytes).unwrap().records.len(), 1);
}

#[test]
fn one_wait_for_the_disk_is_enough_for_all_that_has_gathered_and_a_long_file_is_made_shorter() {
    let disk = Fragile::default();
    lock(&disk.0).steps = usize::MAX;
    let mut writer = Writer::new(Box::new(disk.clone()), head(), 0);
    let known = knows(0, 1, 1);
    writer.write(vec![Change::Begins { known: known.clone(), base: Point::NOTHING, state: Bytes::new() }]).unwrap();
    let before = writer.syncs();
    let record = Record::new(Epoch(1), vec![vec![7; 1 << 18].into()]);
    let many = (1..=20).map(|index| Change::Record(index, record.clone())).collect();
    writer.write(many).unwrap();
    assert_eq!(writer.syncs(), before + 1);
    assert!(writer.is_long());
    let base = Point { epoch: Epoch(1), index: 19 };
    let records = vec![record.clone()];
    writer.write(vec![Change::Shortened { known, base, state: state_at(base), records }]).unwrap();
    writer.write(vec![Change::Record(21, record.clone())]).unwrap();
    let long = lock(&disk.0).file.clone().unwrap().bytes.len();
    while writer.is_shortening() {
        writer.shorten_on().unwrap();
    }
    let file = lock(&disk.0).file.clone().unwrap().bytes;
    let restored = restore(&file).unwrap();
    assert_eq!((restored.base, restored.state, restored.records.len()), (base, state_at(base), 2));
    assert!(file.len() < long && !writer.is_long(), "{} of {long}", file.len());
}
