//! What a follower makes of batches and snapshots.

use super::{batch, follower, founder, leader, member, pid, point, set};
use crate::{
    id::Epoch,
    replica::{Batch, Follower, Heard, Kind, Member, Point},
};

fn has(upto: u64) -> Kind {
    Kind::Has { upto, version: 1 }
}

/// It has given up what it had, and is another member.
fn starts_anew(follower: &Follower) -> bool {
    follower.me() == Member { incarnation: 1, ..member(1) }
        && !follower.has_state()
        && follower.held().log().last() == Point::NOTHING
}

#[test]
fn only_committed_records_are_given_to_apply() {
    let mut follower = follower(1);
    assert!(follower.held().unapplied().is_none());
    follower.has_applied(point(1, 2));
    assert_eq!(follower.held().applied(), 1, "it is not committed");
    follower.receive(batch(1, point(1, 3), &[], 2));
    assert_eq!(follower.held().unapplied().map(|(point, _)| point), Some(point(1, 2)));
}

#[test]
fn what_was_dropped_is_not_taken_for_applied() {
    let mut follower = follower(1);
    follower.receive(batch(2, point(1, 1), &[2, 2], 3));
    follower.has_applied(point(1, 2));
    assert_eq!(follower.held().applied(), 1);
    follower.has_applied(point(2, 2));
    assert_eq!(follower.held().applied(), 2);
}

#[test]
fn commit_stays_within_what_is_known_to_be_the_masters() {
    let mut follower = follower(0);
    // Records 2 and 3 may be others than those that the master has there.
    assert_eq!(follower.receive(Batch { end: 9, ..batch(2, point(1, 1), &[], 9) }).kind, has(1));
    assert_eq!((follower.held().commit(), follower.held().log().last()), (1, point(1, 3)));
    assert_eq!(follower.receive(batch(2, point(1, 1), &[2], 9)).kind, has(2));
    assert_eq!((follower.held().commit(), follower.held().log().last()), (2, point(2, 2)));
}

#[test]
fn commit_never_goes_back() {
    let mut follower = follower(3);
    follower.receive(batch(1, Point::NOTHING, &[1], 0));
    assert_eq!(follower.held().commit(), 3);
}

#[test]
fn late_batches_cut_nothing_off() {
    let mut follower = follower(0);
    assert_eq!(follower.receive(batch(1, point(1, 1), &[1], 0)).kind, has(3));
    assert_eq!(follower.held().log().last(), point(1, 3));
}

#[test]
fn gaps_are_not_taken() {
    let mut follower = follower(1);
    let kind = follower.receive(batch(1, point(1, 4), &[1], 5)).kind;
    assert_eq!(kind, Kind::Lacks { previous: 4, applied: point(1, 1) });
    assert_eq!((follower.held().commit(), follower.held().log().last()), (1, point(1, 3)));
}

#[test]
fn records_of_another_master_give_way() {
    let mut follower = follower(1);
    let kind = follower.receive(batch(2, point(2, 3), &[2], 0)).kind;
    assert_eq!(kind, Kind::Lacks { previous: 3, applied: point(1, 1) });
    assert_eq!(follower.receive(batch(2, point(1, 1), &[2, 2], 3)).kind, has(3));
    assert_eq!(follower.held().log().last(), point(2, 3));
}

#[test]
fn masters_of_before_are_refused() {
    let mut follower = follower(1);
    follower.receive(batch(4, point(1, 3), &[4], 0));
    let answer = follower.receive(batch(3, point(1, 3), &[3], 4));
    assert_eq!((answer.epoch, answer.kind), (Epoch(3), Kind::Newer { epoch: Epoch(4) }));
    assert_eq!((follower.held().commit(), follower.held().log().last()), (1, point(4, 4)));
}

#[test]
fn newest_set_is_known() {
    let mut follower = follower(1);
    let of = |version, members: &[usize]| {
        let members = set(version, members).members.into_iter().collect();
        Batch { version, members, ..batch(1, point(1, 3), &[], 0) }
    };
    follower.receive(of(3, &[0]));
    assert_eq!(follower.receive(of(2, &[0, 1])).kind, Kind::Has { upto: 3, version: 3 });
    assert_eq!(*follower.set(), set(3, &[0]));
    // Versions of another epoch are of another master: the registry may have come back older.
    follower.receive(batch(2, point(1, 3), &[2], 0));
    assert_eq!(*follower.set(), set(1, &[0, 1]));
}

#[test]
fn who_has_applied_what_the_master_lacks_starts_anew() {
    let mut other = follower(2);
    assert_eq!(other.receive(batch(2, point(1, 1), &[2], 0)).kind, Kind::Empty);
    assert!(starts_anew(&other));

    let mut shorter = follower(3);
    assert_eq!(shorter.receive(batch(2, point(1, 1), &[], 0)).kind, Kind::Empty);
    assert!(starts_anew(&shorter));
    // From the beginning it can follow without a snapshot.
    let kind = shorter.receive(batch(2, Point::NOTHING, &[1, 2], 2)).kind;
    assert_eq!((kind, shorter.has_state()), (has(2), true));
}

#[test]
fn short_batches_of_a_longer_log_are_no_reason() {
    let mut follower = follower(3);
    assert_eq!(follower.receive(Batch { end: 4, ..batch(2, point(1, 1), &[1], 0) }).kind, has(2));
}

#[test]
fn trimmed_follower_goes_by_its_base() {
    let mut follower = follower(3);
    follower.trim(2);
    assert_eq!(follower.held().log().base(), point(1, 2));
    let over = Batch { end: 4, ..batch(2, Point::NOTHING, &[1, 1, 1, 2], 0) };
    assert_eq!(
        follower.receive(Batch { records: over.records[..1].to_vec(), ..over.clone() }).kind,
        Kind::Lacks { previous: 0, applied: point(1, 3) }
    );
    assert_eq!(follower.receive(over).kind, has(4));
    assert_eq!(follower.receive(batch(2, Point::NOTHING, &[1], 0)).kind, has(4));
    let wrong = batch(3, Point::NOTHING, &[1, 3, 3, 3], 0);
    assert_eq!(follower.receive(wrong).kind, Kind::Empty);
}

#[test]
fn nothing_is_trimmed_that_is_not_applied() {
    let mut follower = follower(1);
    follower.receive(batch(1, point(1, 3), &[], 3));
    follower.trim(3);
    assert_eq!(follower.held().log().base(), point(1, 1));
}

#[test]
fn snapshot_fills_who_is_empty() {
    let mut follower = Follower::new(member(1));
    assert_eq!(follower.receive(batch(3, point(2, 9), &[3], 9)).kind, Kind::Empty);
    let answer = follower.install(member(0), Epoch(3), set(1, &[0]), point(2, 9)).unwrap();
    assert_eq!((answer.member, answer.kind), (member(1), has(9)));
    assert_eq!((follower.held().applied(), follower.held().commit()), (9, 9));
    assert_eq!(follower.receive(batch(3, point(2, 9), &[3], 9)).kind, has(10));
    // It comes again.
    let again = follower.install(member(0), Epoch(3), set(1, &[0]), point(2, 9));
    assert_eq!(again.unwrap_err().kind, has(10));
}

#[test]
fn snapshot_over_a_state_makes_another_member() {
    let mut follower = follower(2);
    let answer = follower.install(member(0), Epoch(3), set(4, &[0]), point(2, 9)).unwrap();
    assert_eq!(answer.member.incarnation, 1);
    assert_eq!((follower.held().applied(), follower.set().version), (9, 4));
    let older = follower.install(member(0), Epoch(2), set(4, &[0]), point(2, 20));
    assert_eq!(older.unwrap_err().kind, Kind::Newer { epoch: Epoch(3) });
}

#[test]
fn snapshot_of_what_is_there_says_only_that_it_is_committed() {
    let mut follower = follower(1);
    let answer = follower.install(member(0), Epoch(2), set(1, &[0]), point(1, 3)).unwrap_err();
    assert_eq!((answer.member, answer.kind), (member(1), has(3)));
    assert_eq!((follower.held().commit(), follower.held().applied()), (3, 1));
}

#[test]
fn deposed_master_waits_until_the_set_names_it_no_more() {
    let mut deposed = leader().depose(true);
    assert!(deposed.is_deposed());
    let of = |epoch, members: &[usize]| Batch {
        to: member(0).pid,
        from: member(1),
        members: set(1, members).members.into_iter().collect(),
        ..batch(epoch, point(1, 2), &[epoch], 0)
    };
    assert_eq!(deposed.receive(of(5, &[1])).kind, Kind::Newer { epoch: Epoch(5) });
    assert_eq!(deposed.receive(of(6, &[0, 1])).kind, Kind::Deposed);
    assert_eq!(deposed.held().log().last(), point(5, 3));
    assert_eq!(deposed.receive(of(6, &[1])).kind, Kind::Empty);
    assert_eq!((deposed.me().incarnation, deposed.is_deposed(), deposed.knows()), (1, false, None));
}

#[test]
fn deposed_master_may_lead_again() {
    let deposed = leader().depose(true);
    let again = deposed.lead(Epoch(6), set(1, &[0, 1, 2])).unwrap();
    assert_eq!(again.barrier(), 4);
}

#[test]
fn master_that_has_everything_acknowledged_goes_on_as_a_follower() {
    let mut follower = super::founder().depose(false);
    assert!(!follower.is_deposed());
    let next = Batch { to: member(0).pid, from: member(1), ..batch(6, point(5, 3), &[6], 3) };
    assert_eq!(follower.receive(next).kind, has(4));
    assert!(super::founder().depose(true).is_deposed());
}

#[test]
fn only_who_is_named_and_has_state_leads() {
    let refused = |follower: Follower, epoch, set| follower.lead(Epoch(epoch), set).is_err();
    assert!(refused(Follower::new(member(1)), 2, set(1, &[0, 1])));
    assert!(refused(Follower::new(member(1)), 2, set(1, &[0])));
    assert!(!refused(Follower::new(member(1)), 2, set(1, &[1])));
    assert!(refused(follower(1), 1, set(1, &[0, 1])));
    assert!(refused(follower(1), 2, set(1, &[0])));
    assert!(!refused(follower(1), 2, set(1, &[0, 1])));
}

#[test]
fn who_could_not_apply_what_is_in_the_log_learns_a_state_and_not_the_log_again() {
    let mut leader = founder();
    let mut follower = Follower::new(member(3));
    while let Some(batch) = leader.batch_for(pid(3), usize::MAX) {
        leader.answered(pid(3), follower.receive(batch));
    }
    assert_eq!(leader.knows_as_before(pid(3).node, follower.me()), None);
    let mut follower = follower.lost();
    assert!(leader.batch_for(pid(3), usize::MAX).is_none(), "there is nothing to ship");
    assert_eq!(leader.knows_as_before(pid(2).node, follower.me()), None, "that is another's node");
    assert_eq!(leader.knows_as_before(pid(3).node, follower.me()), Some(pid(3)));
    leader.is_anew(pid(3), follower.me());
    let batch = leader.batch_for(pid(3), usize::MAX).expect("it is asked what it has");
    let answer = follower.receive(batch);
    assert_eq!(answer.kind, Kind::Unfit);
    assert_eq!(leader.answered(pid(3), answer), Heard::WantsState);
    assert_eq!(leader.answered(pid(3), answer), Heard::Nothing);
    let set = leader.set().clone();
    let learnt = follower.install(leader.me(), leader.epoch(), set, leader.held().log().point_at(3).unwrap()).unwrap();
    leader.learns(pid(3), point(5, 3));
    leader.answered(pid(3), learnt);
    assert_eq!(leader.may_add(pid(3)), Some(follower.me()));
}
