//! Lines and crews, without a runtime.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use super::{
    crew::{Crew, Given},
    key::{Line, OffloadKey, Unordered},
    lines::{Kind, Lines, NoRoom},
};

const fn keyed(key: u64) -> Line {
    Line::Keyed { service: 1, key }
}

/// What may begin now.
fn begun(lines: &mut Lines<u32>) -> Vec<u32> {
    std::iter::from_fn(|| lines.begin()).map(|(_, _, piece)| piece).collect()
}

#[test]
fn a_line_runs_one_piece_at_a_time_and_waits_behind_the_others_after_each() {
    let mut lines = Lines::new(2, 1, 100);
    for (piece, line) in [(1, 7), (2, 7), (3, 7), (4, 8), (5, 9)] {
        lines.put(keyed(line), Kind::Blocking, piece).unwrap();
    }
    assert_eq!(begun(&mut lines), [1, 4]);
    lines.end(keyed(7), Kind::Blocking);
    assert_eq!(begun(&mut lines), [5], "the other line has waited longer");
    lines.end(keyed(8), Kind::Blocking);
    assert_eq!(begun(&mut lines), [2]);
    lines.end(keyed(9), Kind::Blocking);
    assert_eq!(begun(&mut lines), [] as [u32; 0], "3 is of the line of 2");
    lines.end(keyed(7), Kind::Blocking);
    assert_eq!(begun(&mut lines), [3]);
    lines.end(keyed(7), Kind::Blocking);
    assert_eq!((lines.count(), lines.waiting()), (0, 0));
}

#[test]
fn pieces_of_both_kinds_of_one_line_are_in_order_and_have_slots_of_their_own() {
    let mut lines = Lines::new(1, 1, 100);
    lines.put(keyed(7), Kind::Async, 1).unwrap();
    lines.put(keyed(7), Kind::Blocking, 2).unwrap();
    lines.put(keyed(8), Kind::Async, 3).unwrap();
    lines.put(keyed(9), Kind::Blocking, 4).unwrap();
    assert_eq!(begun(&mut lines), [4, 1]);
    lines.end(keyed(7), Kind::Async);
    assert_eq!(begun(&mut lines), [3], "2 waits for a thread");
    lines.end(keyed(9), Kind::Blocking);
    assert_eq!(begun(&mut lines), [2]);
}

#[test]
fn what_can_begin_needs_no_room_and_one_line_has_half_of_it() {
    let mut lines = Lines::new(1, 1, 0);
    lines.put(keyed(1), Kind::Blocking, 1).unwrap();
    assert_eq!(lines.put(keyed(2), Kind::Blocking, 2), Err((2, NoRoom::AtAll)));
    lines.put(keyed(2), Kind::Async, 3).unwrap();
    assert_eq!(begun(&mut lines), [1, 3]);
    assert_eq!(lines.put(keyed(1), Kind::Blocking, 4), Err((4, NoRoom::AtAll)));

    let mut lines = Lines::new(1, 1, 5);
    lines.put(keyed(1), Kind::Blocking, 0).unwrap();
    assert_eq!((begun(&mut lines), lines.waiting()), (vec![0], 0));
    (1..4).for_each(|piece| lines.put(keyed(1), Kind::Blocking, piece).unwrap());
    assert_eq!(lines.put(keyed(1), Kind::Blocking, 9), Err((9, NoRoom::InLine)));
    (4..6).for_each(|piece| lines.put(Line::Alone(piece.into()), Kind::Blocking, piece).unwrap());
    assert_eq!(lines.put(Line::Alone(9), Kind::Blocking, 9), Err((9, NoRoom::AtAll)));
    assert_eq!((lines.waiting(), lines.waiting_in(keyed(1))), (5, 3));
}

#[test]
fn what_is_taken_out_leaves_the_rest_in_order_and_nothing_behind() {
    let mut lines = Lines::new(1, 1, 100);
    lines.put(keyed(1), Kind::Blocking, 1).unwrap();
    assert_eq!(begun(&mut lines), [1]);
    for (piece, line, kind) in [
        (2, 1, Kind::Blocking),
        (3, 2, Kind::Blocking),
        (12, 3, Kind::Blocking),
        (4, 3, Kind::Async),
        (11, 4, Kind::Blocking),
        (5, 4, Kind::Blocking),
        (13, 5, Kind::Blocking),
    ] {
        lines.put(keyed(line), kind, piece).unwrap();
    }
    assert_eq!(lines.take_out(|piece| *piece > 10), [12, 11, 13]);
    assert_eq!((lines.waiting(), lines.count()), (3, 4), "one may begin");
    assert_eq!(begun(&mut lines), [4], "what waited for a thread is gone, and a future is next");
    lines.end(keyed(3), Kind::Async);
    for (line, next) in [(1, 3), (2, 5), (4, 2)] {
        lines.end(keyed(line), Kind::Blocking);
        assert_eq!(begun(&mut lines), [next]);
    }
    lines.end(keyed(1), Kind::Blocking);
    assert_eq!((lines.waiting(), lines.count()), (0, 0));
    lines.put(keyed(1), Kind::Blocking, 6).unwrap();
    assert_eq!(begun(&mut lines), [6], "the slot is free");
}

#[test]
fn keys_of_one_value_are_one_and_unordered_is_none() {
    assert_eq!("a".line(), String::from("a").line());
    assert_ne!("a".line(), "b".line());
    assert_ne!(7_u32.line(), 7_u64.line());
    assert!(().line().is_some() && Unordered.line().is_none());
}

#[test]
fn a_thread_is_started_when_none_is_idle_and_ends_when_it_has_waited_in_vain() {
    let crew = Crew::new();
    assert_eq!(crew.give(1), Ok(Given::StartOne));
    assert_eq!(crew.give(2), Ok(Given::StartOne), "the first is going to take 1");
    assert_eq!(crew.next(Duration::ZERO), Some(1));
    crew.rest();
    assert_eq!(crew.give(3), Ok(Given::Taken), "by whoever has done 1");
    assert_eq!((crew.next(Duration::ZERO), crew.next(Duration::ZERO)), (Some(2), Some(3)));
    crew.rest();
    assert_eq!((crew.next(Duration::ZERO), crew.threads()), (None, 1));
    crew.rest();
    assert_eq!((crew.next(Duration::ZERO), crew.threads()), (None, 0));
}

#[test]
fn a_thread_that_cannot_be_started_leaves_its_piece_to_others_or_gives_it_back() {
    let crew = Crew::new();
    assert_eq!(crew.give(1), Ok(Given::StartOne));
    assert_eq!(crew.next(Duration::ZERO), Some(1));
    assert_eq!(crew.give(2), Ok(Given::StartOne));
    assert_eq!(crew.could_not_start(), [] as [u32; 0]);
    crew.rest();
    assert_eq!(crew.next(Duration::ZERO), Some(2));
    crew.rest();
    assert_eq!(crew.next(Duration::ZERO), None);
    assert_eq!(crew.give(3), Ok(Given::StartOne));
    assert_eq!((crew.could_not_start(), crew.threads()), (vec![3], 0));
}

#[test]
fn threads_take_each_piece_once_and_end_when_there_are_no_more() {
    let (crew, done) = (Arc::new(Crew::new()), AtomicUsize::new(0));
    thread::scope(|scope| {
        for piece in 0..1000_usize {
            if crew.give(piece).unwrap() == Given::StartOne {
                scope.spawn(|| {
                    while crew.next(Duration::from_secs(60)).is_some() {
                        done.fetch_add(1, Ordering::Relaxed);
                        crew.rest();
                    }
                });
            }
        }
        while done.load(Ordering::Relaxed) < 1000 {
            thread::yield_now();
        }
        assert!(crew.close().is_empty());
    });
    assert_eq!((crew.threads(), crew.give(1)), (0, Err(1)));
}
