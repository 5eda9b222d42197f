//! What followers of entries read.

use super::*;
use crate::replica::{Learnt, Reading, Replica, Terms};

const ALL: usize = 1 << 20;

fn replica(of: usize) -> Replica {
    Replica::new(pid(of), (1, 2), Terms::default(), ALL)
}

/// Member 0, alone, in epoch 5: a barrier and two records.
fn alone() -> Replica {
    let replica = replica(0);
    replica.elect(Epoch(5), set(1, &[0]));
    for entry in [&b"one"[..], b"two"] {
        replica.enter(Epoch(5), vec![Bytes::from_static(entry)], Bytes::new()).expect("it is the master");
        replica.has_entered(0);
        replica.open();
    }
    replica
}

fn after(replica: &Replica, epoch: u64, index: u64) -> Reading {
    replica.entries(Some((point(epoch, index), true)), Epoch(0), ALL)
}

fn records(reading: Reading) -> (u64, usize) {
    match reading {
        Reading::Records(first, records) => (first, records.len()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_comes_after_a_point_is_told_in_batches_and_then_nothing() {
    let replica = alone();
    assert_eq!(records(after(&replica, 0, 0)), (1, 3));
    assert_eq!(records(after(&replica, 5, 2)), (3, 1));
    assert_eq!(records(replica.entries(Some((Point::NOTHING, true)), Epoch(0), 1)), (1, 1), "bounded");
    assert_eq!(records(replica.entries(Some((point(5, 2), false)), Epoch(0), ALL)), (2, 2), "with the record itself");
    assert_eq!(after(&replica, 5, 3), Reading::Nothing);
    assert_eq!(replica.entries(None, Epoch(0), ALL), Reading::Last(point(5, 3)));
}

#[test]
fn what_is_not_acknowledged_is_told_to_nobody() {
    let replica = replica(1);
    assert_eq!(after(&replica, 0, 0), Reading::Behind, "it has no state");
    replica.receive(batch(1, Point::NOTHING, &[1, 1, 1], 2));
    assert_eq!(records(after(&replica, 0, 0)), (1, 2));
    assert_eq!(after(&replica, 1, 2), Reading::Nothing);
    assert_eq!(after(&replica, 1, 3), Reading::Ahead, "it may be acknowledged, and not known here yet");
    replica.elect(Epoch(5), set(1, &[0, 1]));
    assert_eq!(after(&replica, 1, 2), Reading::Nothing, "the other has not acknowledged the barrier");
    assert_eq!(after(&replica, 1, 3), Reading::Ahead);
}

#[test]
fn only_a_master_in_office_says_that_something_is_undone() {
    let replica = alone();
    assert_eq!(after(&replica, 4, 2), Reading::Undone { shared: Point::NOTHING });
    assert_eq!(after(&replica, 4, 99), Reading::Undone { shared: Point::NOTHING });
    assert_eq!(after(&replica, 5, 99), Reading::Undone { shared: point(5, 3) });
    assert_eq!(after(&replica, 6, 2), Reading::Behind, "there is a later master");
    assert_eq!(replica.entries(Some((point(5, 3), true)), Epoch(6), ALL), Reading::Behind, "so its reader has heard");
    let other = self::replica(1);
    other.receive(batch(3, Point::NOTHING, &[1, 1, 3], 3));
    assert_eq!(after(&other, 2, 2), Reading::Behind, "another log, perhaps an older one");
}

#[test]
fn a_log_that_goes_on_from_an_earlier_record_tells_what_both_share() {
    let replica = self::replica(1);
    replica.receive(batch(3, Point::NOTHING, &[1, 1, 3], 3));
    replica.elect(Epoch(9), set(1, &[1]));
    for (epoch, index, shared) in [(2, 3, point(1, 2)), (2, 50, point(1, 2)), (3, 4, point(3, 3)), (1, 3, point(1, 2))]
    {
        assert_eq!(after(&replica, epoch, index), Reading::Undone { shared }, "{index}@{epoch}");
    }
}

#[test]
fn a_log_that_begins_too_late_says_where_it_begins() {
    let replica = self::replica(1);
    let learnt = Learnt { at: point(2, 50), bytes: Bytes::new() };
    replica.learn((member(0), Epoch(2), set(1, &[0, 1])), learnt).expect("it follows");
    let begins = Reading::Begins { base: point(2, 50), surely: false };
    assert_eq!(after(&replica, 1, 10), begins);
    assert_eq!(replica.entries(Some((point(2, 50), false)), Epoch(0), ALL), begins, "the record itself is gone");
    assert_eq!(after(&replica, 2, 50), Reading::Nothing);
}
