//! What a leader ships, and what it takes for acknowledged.

mod few;
mod known;

use bytes::Bytes;

use super::{apply, founder, has, leader, member, members, pid, point, says, set};
use crate::{
    id::Epoch,
    replica::{Answer, Follower, Heard, Kind, Leader, Member, Point, Record},
};

const ALL: usize = usize::MAX;

/// Of a set of three, whose others have its barrier, and are told so.
fn in_office() -> Leader {
    let mut leader = leader();
    for of in [1, 2] {
        leader.batch_for(pid(of), ALL).unwrap();
        leader.answered(pid(of), has(of, 5, 3, 1));
    }
    leader.has_applied(point(5, 3));
    assert!(leader.is_in_office());
    for of in [1, 2] {
        assert_eq!(leader.batch_for(pid(of), ALL).unwrap().commit, 3);
        assert!(leader.batch_for(pid(of), ALL).is_none());
    }
    leader
}

#[test]
fn barrier_is_shipped_at_once_and_commits_what_was_before() {
    let mut leader = leader();
    let batch = leader.batch_for(pid(1), ALL).unwrap();
    assert_eq!((batch.previous, batch.records.len(), batch.end, batch.commit), (point(1, 2), 1, 3, 2));
    assert!(batch.records[0].is_barrier());
    assert!(leader.batch_for(pid(1), ALL).is_none(), "one at a time, until it is known what it has");
    leader.batch_for(pid(2), ALL).unwrap();
    assert_eq!(leader.answered(pid(1), has(1, 5, 3, 1)), Heard::Nothing);
    assert_eq!(leader.answered(pid(2), has(2, 5, 2, 1)), Heard::Nothing, "nothing older than the barrier counts");
    assert_eq!(leader.answered(pid(2), has(2, 5, 3, 1)), Heard::Committed(3));
    assert!(!leader.is_in_office(), "it is not applied");
}

#[test]
fn alone_it_commits_at_once() {
    let mut leader = founder();
    assert_eq!(leader.commit(), 3);
    apply(&mut leader, false);
    assert_eq!(leader.commit(), 4);
}

#[test]
fn records_are_shipped_when_they_are_open() {
    let mut leader = in_office();
    leader.append(vec![]);
    let second = leader.append(vec![]);
    assert!(leader.batch_for(pid(1), ALL).is_none());
    leader.open(second - 1);
    assert_eq!(leader.batch_for(pid(1), ALL).unwrap().records.len(), 1);
    leader.open(u64::MAX);
    let batch = leader.batch_for(pid(1), ALL).unwrap();
    assert_eq!((batch.previous, batch.records.len(), batch.end), (point(5, second - 1), 1, second));
}

#[test]
fn a_record_says_more_of_calls_as_long_as_it_may_not_be_shipped() {
    let mut leader = in_office();
    assert_eq!(leader.amend(b"late", ALL), None, "the others may have the last one");
    let index = leader.append_with(vec![], Bytes::from_static(b"a"));
    assert_eq!(leader.amend(b"b", ALL), Some(index));
    assert_eq!(leader.amend(b"c", 8), None, "it would be too large");
    leader.open(index);
    assert_eq!(leader.amend(b"d", ALL), None);
    let records = leader.batch_for(pid(1), ALL).unwrap().records;
    assert_eq!(records.iter().map(|record| &record.more[..]).collect::<Vec<_>>(), [b"ab"]);
    let sum: usize = (1..=index).filter_map(|index| leader.held().log().get(index)).map(Record::size).sum();
    assert_eq!(leader.held().log().bytes(), sum, "what it takes is counted");
}

#[test]
fn batches_are_sent_ahead_and_answers_come_in_any_order() {
    let mut leader = in_office();
    (0..3).for_each(|_| apply(&mut leader, false));
    for previous in 3..6 {
        let batch = leader.batch_for(pid(1), 1).unwrap();
        assert_eq!((batch.previous.index, batch.records.len()), (previous, 1));
    }
    assert!(leader.batch_for(pid(1), 1).is_none());
    leader.batch_for(pid(2), ALL).unwrap();
    leader.answered(pid(2), has(2, 5, 6, 1));
    assert_eq!(leader.answered(pid(1), has(1, 5, 5, 1)), Heard::Committed(5));
    assert_eq!(leader.answered(pid(1), has(1, 5, 4, 1)), Heard::Nothing);
    assert_eq!(leader.answered(pid(1), has(1, 5, 6, 1)), Heard::Committed(6));
}

#[test]
fn what_is_not_answered_is_sent_again() {
    let mut leader = in_office();
    (0..2).for_each(|_| apply(&mut leader, false));
    let first = leader.batch_for(pid(1), ALL).unwrap();
    leader.unanswered(pid(1));
    assert_eq!(leader.batch_for(pid(1), ALL), Some(first));
    leader.answered(pid(1), has(1, 5, 5, 1));
    leader.batch_for(pid(1), ALL);
    assert!(leader.batch_for(pid(1), ALL).is_none());
    // It may not have heard of the commit index either.
    leader.unanswered(pid(1));
    assert!(leader.batch_for(pid(1), ALL).unwrap().records.is_empty());
}

#[test]
fn gap_is_filled_from_what_is_acknowledged() {
    let mut leader = in_office();
    (0..3).for_each(|_| apply(&mut leader, false));
    (0..3).for_each(|_| drop(leader.batch_for(pid(1), 1)));
    // The first was lost, so that the two after it do not fit.
    let lacks = |previous| says(1, 5, Kind::Lacks { previous, applied: point(5, 3) });
    leader.answered(pid(1), lacks(4));
    let batch = leader.batch_for(pid(1), ALL).unwrap();
    assert_eq!((batch.previous.index, batch.records.len()), (3, 3));
    leader.answered(pid(1), lacks(5));
    assert!(leader.batch_for(pid(1), ALL).is_none(), "the second answer says the same as the first");
}

#[test]
fn change_needs_both_sets_and_then_the_new_version() {
    let mut leader = in_office();
    assert!(leader.begin_change(members(&[0, 1])));
    assert!(!leader.begin_change(members(&[0])), "one change at a time");
    apply(&mut leader, false);
    leader.batch_for(pid(1), ALL).unwrap();
    leader.answered(pid(1), has(1, 5, 4, 1));
    assert_eq!((leader.commit(), leader.lagging(4)), (3, vec![member(2)]));
    assert!(!leader.changed(2), "nobody has acknowledged under the new version");
    assert_eq!(leader.answered(pid(1), has(1, 5, 4, 1)), Heard::Nothing);
    let batch = leader.batch_for(pid(1), ALL).unwrap();
    assert_eq!((batch.version, batch.members.len(), batch.records.len()), (2, 2, 0));
    assert_eq!(leader.answered(pid(1), has(1, 5, 4, 2)), Heard::Committed(4));
    assert_eq!(*leader.set(), set(2, &[0, 1]));
}

#[test]
fn withdrawn_change_leaves_the_set() {
    let mut leader = in_office();
    assert!(leader.begin_change(members(&[0, 1])));
    assert!(!leader.withdrawn());
    assert!(leader.next().is_none());
    assert_eq!(*leader.set(), set(1, &[0, 1, 2]));
    assert!(!leader.changed(2), "none is under way");
    assert!(leader.begin_change(members(&[0])));
    apply(&mut leader, false);
    assert!(leader.changed(2), "alone it needs nobody");
}

#[test]
fn sets_without_the_master_or_with_strangers_are_not_asked_for() {
    let mut leader = in_office();
    assert!(!leader.begin_change(members(&[1, 2])));
    assert!(!leader.begin_change(members(&[0, 1, 2])), "nothing would change");
    assert!(!leader.begin_change(members(&[0, 1, 2, 3])), "nothing was heard of it");
}

#[test]
fn who_has_everything_acknowledged_may_be_added() {
    let mut leader = in_office();
    let batch = leader.batch_for(pid(3), ALL).unwrap();
    assert_eq!((batch.previous.index, batch.records.len()), (2, 1));
    leader.answered(pid(3), has(3, 5, 2, 1));
    assert_eq!(leader.may_add(pid(3)), None);
    leader.answered(pid(3), has(3, 5, 3, 1));
    assert_eq!(leader.may_add(pid(3)), Some(member(3)));
    assert_eq!(leader.may_add(pid(1)), None, "it is in");
    assert!(leader.begin_change(members(&[0, 1, 2, 3])));
    apply(&mut leader, false);
    for of in [1, 2] {
        assert_eq!(leader.answered(pid(of), has(of, 5, 4, 1)), Heard::Nothing);
    }
    assert_eq!(leader.answered(pid(3), has(3, 5, 4, 1)), Heard::Committed(4));
}

#[test]
fn another_incarnation_has_nothing() {
    let mut leader = in_office();
    let new = Answer { member: Member { incarnation: 1, ..member(1) }, epoch: Epoch(5), kind: Kind::Empty };
    leader.answered(pid(1), new);
    assert_eq!(leader.lagging(1), vec![member(1)]);
    assert_eq!(leader.answered(pid(1), has(1, 5, 3, 1)), Heard::Nothing, "that one is gone");
    assert_eq!(leader.lagging(1), vec![member(1)]);
    assert_eq!(leader.may_add(pid(1)), None, "the set names the one before");
}

#[test]
fn empty_learner_gets_a_snapshot_and_what_comes_after_it() {
    let mut leader = founder();
    leader.trim(2);
    leader.batch_for(pid(2), ALL).unwrap();
    assert_eq!(leader.answered(pid(2), says(2, 5, Kind::Empty)), Heard::WantsSnapshot);
    assert_eq!(leader.answered(pid(2), says(2, 5, Kind::Empty)), Heard::Nothing);
    leader.learns(pid(2), point(5, 3));
    apply(&mut leader, false);
    leader.trim(4);
    assert_eq!(leader.held().log().base(), point(5, 3), "what comes after the snapshot is kept");
    assert!(leader.batch_for(pid(2), ALL).is_none());
    leader.answered(pid(2), has(2, 5, 3, 1));
    assert_eq!(leader.batch_for(pid(2), ALL).unwrap().previous, point(5, 3));
}

#[test]
fn whole_log_is_shipped_to_who_is_empty_while_it_is_there() {
    let mut leader = in_office();
    let mut follower = Follower::new(member(3));
    for previous in [point(1, 2), Point::NOTHING] {
        let batch = leader.batch_for(pid(3), ALL).unwrap();
        assert_eq!(batch.previous, previous);
        let answer = follower.receive(batch);
        assert_eq!(leader.answered(pid(3), answer), Heard::Nothing);
    }
    assert_eq!(leader.may_add(pid(3)), Some(member(3)));
}

#[test]
fn snapshot_that_did_not_come_is_wanted_again() {
    let mut leader = founder();
    leader.trim(2);
    for _ in 0..2 {
        leader.batch_for(pid(1), ALL).unwrap();
        assert_eq!(leader.answered(pid(1), says(1, 5, Kind::Empty)), Heard::WantsSnapshot);
        leader.learns(pid(1), point(5, 3));
        leader.unanswered(pid(1));
    }
}

#[test]
fn who_is_behind_the_base_is_asked_for_the_base_first() {
    let mut leader = founder();
    apply(&mut leader, false);
    leader.trim(3);
    assert_eq!(leader.batch_for(pid(1), ALL).unwrap().previous, point(5, 3));
    let lacks = |previous| says(1, 5, Kind::Lacks { previous, applied: point(5, 1) });
    leader.answered(pid(1), lacks(2));
    assert!(leader.batch_for(pid(1), ALL).is_none(), "that was not asked");
    assert_eq!(leader.answered(pid(1), lacks(3)), Heard::WantsSnapshot);
}

#[test]
fn who_has_gone_another_way_is_told() {
    let mut leader = in_office();
    apply(&mut leader, false);
    leader.batch_for(pid(3), ALL).unwrap();
    let applied = point(4, 3);
    let heard = leader.answered(pid(3), says(3, 5, Kind::Lacks { previous: 2, applied }));
    assert_eq!(heard, Heard::Diverged(applied));
    assert_eq!(leader.batch_for(pid(3), ALL).unwrap().previous, point(5, 3));
    // What it has applied is beyond the end.
    let applied = point(4, 9);
    let heard = leader.answered(pid(3), says(3, 5, Kind::Lacks { previous: 3, applied }));
    assert_eq!(heard, Heard::Diverged(applied));
    let batch = leader.batch_for(pid(3), ALL).unwrap();
    assert_eq!((batch.previous, batch.end, batch.records.len()), (point(5, 4), 4, 0));
}

#[test]
fn deposed_member_is_told_of_sets_and_nothing_else() {
    let mut leader = in_office();
    assert!(leader.begin_change(members(&[0, 1])));
    leader.changed(2);
    leader.answered(pid(1), has(1, 5, 3, 2));
    let mut leader = leader.depose(false).lead(Epoch(6), set(2, &[0, 1])).unwrap();
    leader.batch_for(pid(1), ALL).unwrap();
    assert_eq!(leader.answered(pid(1), says(1, 6, Kind::Deposed)), Heard::Deposed);
    assert!(leader.batch_for(pid(1), ALL).is_none());
    leader.unanswered(pid(1));
    assert!(leader.batch_for(pid(1), ALL).unwrap().records.is_empty(), "it may not have heard of the set");
    assert!(leader.batch_for(pid(1), ALL).is_none());
    leader.answered(pid(1), says(1, 6, Kind::Deposed));
    assert_eq!(leader.lagging(0), vec![member(1)]);
    assert!(leader.begin_change(members(&[0])));
    assert!(leader.changed(3));
    let batch = leader.batch_for(pid(1), ALL).unwrap();
    assert_eq!((batch.version, batch.records.len()), (3, 0));
}

#[test]
fn later_master_ends_it() {
    let mut leader = in_office();
    let newer = |epoch| says(1, 5, Kind::Newer { epoch: Epoch(epoch) });
    assert_eq!(leader.answered(pid(1), newer(5)), Heard::Nothing);
    assert_eq!(leader.answered(pid(1), newer(6)), Heard::Newer(Epoch(6)));
}

#[test]
fn answers_of_another_time_or_another_say_nothing() {
    let mut leader = leader();
    leader.batch_for(pid(1), ALL).unwrap();
    leader.answered(pid(1), has(1, 4, 3, 1));
    leader.answered(pid(1), has(2, 5, 3, 1));
    leader.answered(pid(2), has(2, 5, 3, 1));
    leader.answered(pid(0), has(0, 5, 3, 1));
    assert_eq!(leader.lagging(1), vec![member(1), member(2)]);
    assert!(leader.batch_for(pid(0), ALL).is_none(), "that is itself");
}

#[test]
fn log_is_kept_for_members_of_the_set() {
    let mut leader = leader();
    leader.trim(2);
    assert_eq!(leader.held().log().base(), Point::NOTHING, "nobody has said what it has");
    let mut leader = in_office();
    leader.trim(u64::MAX);
    assert_eq!(leader.held().log().base(), point(5, 3));
    leader.keep(&std::collections::BTreeSet::from([pid(2)]));
    apply(&mut leader, false);
    assert_eq!(leader.lagging(1), vec![member(1)]);
}

#[test]
fn who_learns_holds_no_longer_log_than_may_be_and_learns_anew() {
    let mut leader = founder();
    leader.batch_for(pid(1), ALL).expect("it is asked what it has");
    let add = |leader: &mut Leader| {
        let index = leader.append(vec![vec![7; 8 << 20].into()]);
        leader.has_applied(Point { epoch: leader.epoch(), index });
        leader.open(index);
        index
    };
    let index = add(&mut leader);
    leader.learns(pid(1), Point { epoch: Epoch(5), index: 2 });
    leader.trim(index);
    assert_eq!(leader.held().log().base().index, 2, "what comes after its state is kept");
    (0..8).for_each(|_| {
        add(&mut leader);
    });
    leader.trim(index);
    assert_eq!(leader.held().log().base().index, index, "not without end");
    assert_eq!(leader.answered(pid(1), has(1, 5, 2, 1)), Heard::Nothing);
    let batch = leader.batch_for(pid(1), ALL).expect("it is sent what comes next");
    let lacks = Kind::Lacks { previous: batch.previous.index, applied: point(5, 2) };
    assert_eq!(leader.answered(pid(1), says(1, 5, lacks)), Heard::WantsSnapshot);
}

#[test]
fn what_is_not_acknowledged_has_a_bound() {
    let mut leader = leader();
    let mut last = 0;
    while !leader.is_full() {
        last = leader.append(vec![vec![7; 8 << 20].into()]);
        leader.open(last);
    }
    assert!(last < 20, "{last}");
    for of in [1, 2] {
        leader.batch_for(pid(of), ALL).expect("it is asked what it has");
        leader.answered(pid(of), has(of, 5, last, 1));
    }
    assert!(!leader.is_full() && leader.commit() == last);
}

#[test]
fn whoever_was_a_master_before_has_left_the_set() {
    let mut leader = leader();
    leader.batch_for(pid(1), ALL).unwrap();
    assert!(leader.left().is_empty());
    let deposed = Answer { member: member(1), epoch: Epoch(5), kind: Kind::Deposed };
    assert_eq!(leader.answered(pid(1), deposed), Heard::Deposed);
    assert_eq!(leader.left(), [member(1)].into());
}
