//! The protocol, step by step and at random.

mod entries;
mod follower;
mod kept;
mod leader;
mod lies;
mod network;
mod observer;
mod pieces;
mod random;
mod settling;
mod world;

use std::collections::BTreeSet;

use bytes::Bytes;

use super::{Answer, Batch, Follower, InSync, Kind, Leader, Member, Point, Record};
use crate::id::{Epoch, Pid};

fn member(of: usize) -> Member {
    Member::first(pid(of))
}

fn pid(of: usize) -> Pid {
    world::pid(of)
}

fn set(version: u64, members: &[usize]) -> InSync {
    InSync { version, members: members.iter().copied().map(member).collect() }
}

fn point(epoch: u64, index: u64) -> Point {
    Point { epoch: Epoch(epoch), index }
}

/// One entry, `size` bytes long.
fn record(epoch: u64, size: usize) -> Record {
    Record::new(Epoch(epoch), vec![vec![7; size].into()])
}

/// From member 0 to member 1, both in the set of version 1.
fn batch(epoch: u64, previous: Point, records: &[u64], commit: u64) -> Batch {
    Batch {
        epoch: Epoch(epoch),
        from: member(0),
        to: pid(1),
        previous,
        records: records.iter().map(|epoch| record(*epoch, 8)).collect(),
        end: previous.index.saturating_add(records.len() as u64),
        commit,
        version: 1,
        members: vec![member(0), member(1)],
    }
}

/// Member 1 with three records of epoch 1, of which so many are committed and applied.
fn follower(committed: u64) -> Follower {
    let mut follower = Follower::new(member(1));
    let answer = follower.receive(batch(1, Point::NOTHING, &[1, 1, 1], committed));
    assert_eq!(answer.kind, Kind::Has { upto: 3, version: 1 });
    (1..=committed).for_each(|index| follower.has_applied(point(1, index)));
    follower
}

/// Member 0, who leads epoch 5 of a set in which it has been alone, with a barrier and two records that are committed.
fn founder() -> Leader {
    let founder = Follower::new(member(0)).lead(Epoch(5), set(1, &[0]));
    let mut leader = founder.expect("whoever is alone in the set may found");
    (0..3).for_each(|of| apply(&mut leader, of == 0));
    leader
}

/// As a master does it: written, applied, shipped.
fn apply(leader: &mut Leader, barrier: bool) {
    let index = if barrier { leader.barrier() } else { leader.append(vec![Bytes::from_static(b"entry")]) };
    leader.has_applied(Point { epoch: leader.epoch(), index });
    leader.open(index);
}

/// Member 0, who leads epoch 5 of a set of three, and has heard of nobody.
fn leader() -> Leader {
    let mut follower = Follower::new(member(0));
    follower.receive(Batch { to: pid(0), from: member(1), ..batch(1, Point::NOTHING, &[1, 1], 2) });
    (1..=2).for_each(|index| follower.has_applied(point(1, index)));
    follower.lead(Epoch(5), set(1, &[0, 1, 2])).expect("it is named")
}

fn has(of: usize, epoch: u64, upto: u64, version: u64) -> Answer {
    Answer { member: member(of), epoch: Epoch(epoch), kind: Kind::Has { upto, version } }
}

fn says(of: usize, epoch: u64, kind: Kind) -> Answer {
    Answer { member: member(of), epoch: Epoch(epoch), kind }
}

fn members(of: &[usize]) -> BTreeSet<Member> {
    of.iter().copied().map(member).collect()
}

impl Leader {
    /// Writes a record that says nothing of calls.
    pub(crate) fn append(&mut self, entries: Vec<Bytes>) -> u64 {
        self.append_with(entries, Bytes::new())
    }
}
