//! With fewer in sync than there must be.

use super::super::{apply, has, member, members, pid, set};
use super::{ALL, in_office};
use crate::{
    id::Epoch,
    replica::{Follower, Heard},
};

#[test]
fn too_few_commit_and_acknowledge_nothing_before_there_are_enough() {
    let mut leader = in_office().needs(2);
    assert!(leader.begin_change(members(&[0, 1])));
    assert!(!leader.changed(2));
    assert_eq!(leader.too_few(), None);
    assert!(leader.begin_change(members(&[0])));
    assert_eq!(leader.too_few(), Some(1), "the registry may have made the change");
    apply(&mut leader, false);
    assert!(leader.changed(3));
    assert_eq!((leader.commit(), leader.acknowledged()), (4, 3));
    // The others are not told of what is not acknowledged, and have it.
    let batch = leader.batch_for(pid(1), ALL).unwrap();
    assert_eq!((batch.commit, batch.records.len()), (3, 1));
    leader.answered(pid(1), has(1, 5, 4, 3));
    assert_eq!(leader.may_add(pid(1)), Some(member(1)));
    assert!(leader.begin_change(members(&[0, 1])));
    assert!(!leader.changed(4));
    assert_eq!((leader.too_few(), leader.acknowledged()), (None, 3), "it may not know of the set yet");
    leader.batch_for(pid(1), ALL).unwrap();
    assert_eq!(leader.answered(pid(1), has(1, 5, 4, 4)), Heard::Committed(4));
    assert_eq!(leader.acknowledged(), 4);
}

#[test]
fn who_is_elected_with_too_few_acknowledges_nothing_of_what_it_finds_before_there_are_enough() {
    let mut leader = in_office().needs(2);
    assert!(leader.begin_change(members(&[0])));
    assert!(!leader.changed(2));
    apply(&mut leader, false);
    assert_eq!((leader.commit(), leader.acknowledged()), (4, 3), "it alone has it");
    let deposed = leader.depose(false);
    assert!(deposed.is_deposed() && deposed.held().commit() == 3);
    let mut leader = deposed.lead_on(Epoch(6), set(2, &[0]), (false, 2)).unwrap();
    apply(&mut leader, true);
    assert_eq!((leader.commit(), leader.acknowledged()), (5, 3), "nobody else has it");
    let batch = leader.batch_for(pid(1), ALL).unwrap();
    assert_eq!(batch.commit, 3);
    leader.answered(pid(1), has(1, 6, 5, 2));
    assert!(leader.begin_change(members(&[0, 1])));
    assert!(!leader.changed(3));
    leader.batch_for(pid(1), ALL).unwrap();
    leader.answered(pid(1), has(1, 6, 5, 3));
    assert_eq!(leader.acknowledged(), 5);
}

#[test]
fn who_leads_alone_takes_over_what_there_is() {
    let mut leader = Follower::new(member(0)).lead(Epoch(5), set(1, &[0])).expect("it founds").needs(2);
    apply(&mut leader, true);
    assert_eq!((leader.too_few(), leader.acknowledged()), (Some(1), leader.barrier()));
    apply(&mut leader, false);
    assert_eq!((leader.commit(), leader.acknowledged()), (leader.barrier() + 1, leader.barrier()));
}
