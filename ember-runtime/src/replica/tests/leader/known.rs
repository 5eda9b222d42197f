//! What a leader knows of the others.

use super::super::{apply, founder, has, leader, member, pid, point, says};
use super::ALL;
use crate::replica::{Heard, Kind, Member};

#[test]
fn who_has_been_heard_of_is_reached_and_nobody_else() {
    let mut leader = leader();
    leader.batch_for(pid(1), ALL).unwrap();
    assert_eq!((leader.reached(member(1)), leader.heard().len()), (None, 0), "it was asked, and has not answered");
    leader.answered(pid(1), has(1, 5, 3, 1));
    assert_eq!(leader.reached(member(1)), Some(pid(1)));
    assert_eq!([member(0), member(2)].map(|it| leader.reached(it)), [None, None]);
    assert_eq!(leader.heard(), [pid(1)].into());
    let anew = Member { incarnation: 1, ..member(1) };
    leader.is_anew(pid(1), anew);
    assert_eq!((leader.reached(member(1)), leader.reached(anew)), (None, Some(pid(1))));
}

#[test]
fn who_never_answered_is_asked_the_same_again() {
    let mut leader = leader();
    let first = leader.batch_for(pid(1), ALL).unwrap();
    assert_eq!(first.previous, point(1, 2));
    leader.unanswered(pid(1));
    assert_eq!(leader.batch_for(pid(1), ALL), Some(first));
}

#[test]
fn who_has_just_the_base_goes_on_from_there_or_has_diverged() {
    let mut leader = founder();
    apply(&mut leader, false);
    leader.trim(3);
    for (applied, heard) in [(point(5, 3), Heard::Nothing), (point(4, 3), Heard::Diverged(point(4, 3)))] {
        leader.batch_for(pid(1), ALL).unwrap();
        let lacks = says(1, 5, Kind::Lacks { previous: 3, applied });
        assert_eq!(leader.answered(pid(1), lacks), heard);
        leader.unanswered(pid(1));
    }
    assert_eq!(leader.batch_for(pid(1), ALL).unwrap().previous, point(5, 3));
}
