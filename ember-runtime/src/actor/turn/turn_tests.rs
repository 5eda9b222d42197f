//! What each step does to the word, by one thread; `tests/loom` has the orders of several.

use super::{ABORTED, ENDED, Held, Marks, READY, SPAWNED, Turn};

/// A turn that is not shut.
fn open() -> Turn<u32> {
    let turn = Turn::new(7);
    turn.shut(false);
    turn
}

fn short(turn: &Turn<u32>) -> Held<'_, u32> {
    turn.try_short(false).expect("a short turn")
}

#[track_caller]
fn is(turn: &Turn<u32>, word: &str) {
    assert_eq!(format!("{turn:?}"), format!("Turn({word})"));
}

#[test]
fn a_new_turn_is_shut_until_short_turns_are_let_in() {
    let turn = Turn::new(7);
    assert!(turn.try_short(true).is_none());
    turn.shut(false);
    assert!(!short(&turn).end());
    turn.shut(true);
    assert!(turn.try_short(true).is_none());
}

#[test]
fn shutting_touches_nothing_else() {
    let turn = open();
    let held = short(&turn);
    assert!(!turn.note_work());
    turn.shut(true);
    is(&turn, "0b1111");
    turn.shut(true);
    is(&turn, "0b1111");
    turn.shut(false);
    is(&turn, "0b1011");
    turn.shut(false);
    is(&turn, "0b1011");
    assert!(held.end());
    is(&turn, "0b0010");
}

#[test]
fn one_at_a_time_has_the_turn() {
    let turn = open();
    let held = short(&turn);
    is(&turn, "0b1001");
    assert!(turn.try_short(false).is_none());
    assert!(turn.try_short(true).is_none(), "it has waited for a moment, and nobody has ended the turn");
    assert!(!turn.note_work());
    assert!(turn.take().is_none());
    assert!(held.end());
    assert!(turn.try_short(true).is_none(), "the driver goes first");
    let held = turn.take().expect("work waits");
    is(&turn, "0b1001");
    assert!(turn.take().is_none());
    assert!(!held.end());
    is(&turn, "0b0000");
    assert!(turn.take().is_none(), "nothing waits");
}

#[test]
fn the_first_to_note_work_wakes_the_driver_if_nobody_has_the_turn() {
    let turn = open();
    assert!(turn.note_work());
    is(&turn, "0b0010");
    assert!(!turn.note_work(), "the driver is woken once");
    let held = turn.take().expect("work waits");
    assert!(!turn.note_work(), "whoever ends the turn wakes the driver");
    is(&turn, "0b1011");
    assert!(held.end());

    turn.shut(true);
    drop(turn.take());
    assert!(turn.note_work(), "whether short turns are let in makes no difference");
    is(&turn, "0b0110");
}

#[test]
fn the_driver_takes_what_is_shut_and_leaves_it_shut() {
    let turn = Turn::new(7);
    turn.insist();
    is(&turn, "0b0110");
    let held = turn.take().expect("work waits");
    is(&turn, "0b1101");
    assert!(!held.end(), "nothing has come up");
    is(&turn, "0b0100");
}

#[test]
fn what_is_insisted_on_is_found_by_whoever_ends_the_turn() {
    let turn = open();
    let held = short(&turn);
    turn.insist();
    turn.insist();
    is(&turn, "0b1011");
    assert!(held.end());
}

#[test]
fn at_rest_is_what_nobody_has_and_nothing_waits_for() {
    let turn = Turn::new(7);
    assert!(turn.is_at_rest());
    turn.shut(false);
    assert!(turn.is_at_rest());
    let held = short(&turn);
    assert!(!turn.is_at_rest());
    held.end();
    turn.note_work();
    assert!(!turn.is_at_rest());
}

#[test]
fn a_holder_is_wanted_for_work_and_to_let_nobody_in() {
    let turn = open();
    let held = short(&turn);
    assert!(!held.is_wanted());
    turn.shut(true);
    assert!(held.is_wanted());
    turn.shut(false);
    assert!(!held.is_wanted());
    turn.note_work();
    assert!(held.is_wanted());
}

#[test]
fn a_holder_says_whether_it_ends_soon_and_leaves_nothing_behind() {
    let turn = open();
    for soon in [false, true] {
        let mut held = short(&turn);
        held.hurry(false);
        is(&turn, "0b0001");
        turn.shut(true);
        held.hurry(soon);
        is(&turn, if soon { "0b1101" } else { "0b0101" });
        turn.shut(false);
        if soon {
            assert!(!held.end())
        } else {
            drop(held)
        }
        is(&turn, "0b0000");
    }
}

#[test]
fn dropped_it_ends_and_work_stays() {
    let turn = open();
    let held = short(&turn);
    turn.note_work();
    drop(held);
    is(&turn, "0b0010");
}

#[test]
fn the_value_is_used_taken_and_put_back() {
    let turn = open();
    let mut held = short(&turn);
    assert_eq!(held.with(|value| std::mem::replace(value, 8)), 7);
    assert_eq!((held.take(), held.take()), (8, 0));
    held.put(9);
    held.end();
    assert_eq!(short(&turn).take(), 9);
}

#[test]
fn each_mark_stands_for_itself_and_is_set_once() {
    let (marks, all) = (Marks::default(), [SPAWNED, READY, ABORTED, ENDED]);
    let mut before = 0;
    for (i, mark) in all.into_iter().enumerate() {
        assert_eq!(all.map(|mark| marks.has(mark)), [0, 1, 2, 3].map(|other| other < i));
        assert_eq!(marks.set(mark), before);
        before |= mark;
        assert_eq!(marks.set(mark), before);
    }
}
