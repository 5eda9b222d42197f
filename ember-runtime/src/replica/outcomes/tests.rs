//! What is remembered of calls, for how long, and that all members remember the same.

use bytes::Bytes;

use super::{table::Outcomes, *};
use crate::{
    error::LostReason,
    id::{Asker, CallId, Epoch, GroupKey, Incarnation, NodeId, NodeKey, Serial},
    message::Stored,
};

fn caller(node: u64) -> Asker {
    Asker::Run(NodeKey { id: NodeId(node), incarnation: Incarnation(1) })
}

fn about(node: u64, number: u64, at: u64) -> About {
    About { id: CallId::new(caller(node), number), lowest: Serial::default(), asked: 7, at, keep: 1_000 }
}

fn reply(text: &str) -> Stored {
    Stored::Value(Bytes::copy_from_slice(text.as_bytes()))
}

fn written(table: &Outcomes) -> Vec<u8> {
    let mut out = Vec::new();
    table.write(&mut out).unwrap();
    out
}

#[test]
fn a_call_that_has_begun_has_no_outcome_until_the_log_has_it() {
    let (mut table, call) = (Outcomes::default(), about(1, 5, 10));
    assert_eq!(table.find(call.id), Known::Nothing);
    table.take(Note::Begun(call));
    assert_eq!(table.find(call.id), Known::Begun { asked: 7 });
    table.take(Note::Ended(call, reply("a")));
    assert_eq!(table.find(call.id), Known::Ended { asked: 7, reply: &reply("a") });
    table.take(Note::Begun(call));
    table.take(Note::Void(call));
    assert_eq!(table.find(call.id), Known::Ended { asked: 7, reply: &reply("a") }, "an outcome stays");
    assert_eq!(table.find(about(2, 5, 0).id), Known::Nothing, "it is another caller's");
}

#[test]
fn what_is_void_stays_so_until_nobody_can_ask() {
    let (mut table, call) = (Outcomes::default(), about(1, 5, 10));
    table.take(Note::Void(call));
    table.take(Note::Begun(call));
    assert_eq!(table.find(call.id), Known::Void);
    table.take(Note::Begun(About { lowest: 6.into(), ..about(1, 6, 11) }));
    assert_eq!(table.find(call.id), Known::Over, "its caller has said so");
}

#[test]
fn a_caller_says_what_it_does_not_ask_for_any_more() {
    let mut table = Outcomes::default();
    for number in 1..=5 {
        table.take(Note::Ended(about(1, number, 10), reply("a")));
        table.take(Note::Ended(about(2, number, 10), reply("b")));
    }
    table.take(Note::Ended(About { lowest: 5.into(), ..about(1, 6, 10) }, reply("a")));
    assert_eq!(table.find(about(1, 4, 0).id), Known::Over);
    assert!(matches!(table.find(about(1, 5, 0).id), Known::Ended { .. }));
    assert!(matches!(table.find(about(2, 1, 0).id), Known::Ended { .. }));
    assert_eq!(table.sizes().0, 7);
    // What comes late, is of no use to anybody.
    table.take(Note::Ended(about(1, 2, 10), reply("a")));
    assert_eq!(table.find(about(1, 2, 0).id), Known::Over);
}

#[test]
fn time_is_that_of_the_log_never_goes_back_and_leaves_a_mark() {
    let mut table = Outcomes::default();
    table.take(Note::Ended(about(1, 5, 1_000), reply("a")));
    table.take(Note::Ended(about(2, 1, 1_999), reply("b")));
    assert!(matches!(table.find(about(1, 5, 0).id), Known::Ended { .. }));
    // The clock of this master is behind: it does not keep anything for longer.
    table.take(Note::Ended(about(2, 2, 10), reply("b")));
    table.take(Note::Ended(about(2, 3, 2_000), reply("b")));
    assert_eq!(table.find(about(1, 5, 0).id), Known::Forgotten);
    assert_eq!(table.find(about(1, 4, 0).id), Known::Forgotten, "it is lower");
    assert_eq!(table.find(about(1, 6, 0).id), Known::Nothing);
    assert!(matches!(table.find(about(2, 2, 0).id), Known::Ended { .. }));
}

#[test]
fn beyond_the_count_the_oldest_is_dropped_and_leaves_a_mark() {
    let mut table = Outcomes::default();
    for number in 0..65_540 {
        table.take(Note::Void(about(number % 2, number, 10)));
    }
    assert_eq!(table.sizes().0, 65_536);
    assert_eq!(table.find(about(0, 2, 0).id), Known::Forgotten);
    assert_eq!(table.find(about(1, 3, 0).id), Known::Forgotten);
    assert_eq!(table.find(about(0, 4, 0).id), Known::Void);
}

#[test]
fn beyond_the_bytes_too_but_the_newest_stays() {
    let mut table = Outcomes::default();
    let large = || Stored::Value(vec![1; 9 << 20].into());
    table.take(Note::Ended(about(1, 1, 10), large()));
    table.take(Note::Ended(about(1, 2, 10), large()));
    assert_eq!(table.find(about(1, 1, 0).id), Known::Forgotten);
    assert!(matches!(table.find(about(1, 2, 0).id), Known::Ended { .. }));
    assert!(table.sizes().2 < 16 << 20);
}

#[test]
fn callers_that_have_gone_are_forgotten_in_time_and_beyond_their_number() {
    let mut table = Outcomes::default();
    for node in 0..100 {
        table.take(Note::Ended(about(node, 1, 10), reply("a")));
        table.take(Note::Void(About { lowest: 3.into(), ..about(node, 2, 10) }));
    }
    assert_eq!(table.sizes().1, 100);
    for late in 0..100 {
        table.take(Note::Void(about(1_000, late, 700_000)));
    }
    assert_eq!(table.sizes().1, 1, "nothing of theirs can be asked for");
    let mut table = Outcomes::default();
    for node in 0..20_000 {
        table.take(Note::Void(About { keep: 1, ..about(node, 1, 10 * node) }));
    }
    assert!(table.sizes().1 <= 16_385, "{:?}", table.sizes());
    assert_eq!(table.find(about(19_000, 1, 0).id), Known::Forgotten);
}

/// Of the lane of a group that owes.
fn owed(group: u64, (epoch, number): (u64, u64), at: u64) -> About {
    let by = Asker::Group(GroupKey { group, lane: 1 });
    let serial = Serial { epoch: Epoch(epoch), number };
    About { id: CallId { by, serial }, lowest: serial, asked: 7, at, keep: 10_000_000 }
}

#[test]
fn groups_that_owe_keep_no_others_from_being_forgotten() {
    let mut table = Outcomes::default();
    for group in 0..200 {
        table.take(Note::Ended(owed(group, (1, 1), 10), reply("")));
    }
    for node in 0..100 {
        table.take(Note::Ended(about(node, 1, 10), reply("a")));
        table.take(Note::Void(About { lowest: 3.into(), ..about(node, 2, 10) }));
    }
    assert_eq!(table.sizes().1, 300);
    for late in 0..100 {
        table.take(Note::Void(About { lowest: late.into(), ..about(1_000, late, 700_000) }));
    }
    assert_eq!(table.sizes().1, 201, "nothing of the others can be asked for");
    // Beyond their number too, and whoever has just come stays.
    for node in 0..20_000 {
        table.take(Note::Void(About { keep: 1, ..about(2_000 + node, 1, 700_000 + 10 * node) }));
    }
    assert!(table.sizes().1 <= 16_385, "{:?}", table.sizes());
    assert!(matches!(table.find(owed(0, (1, 1), 0).id), Known::Ended { .. }));
    // In the end those that owe are too.
    table.take(Note::Void(about(1_000, 100, 20_000_000)));
    assert_eq!(table.find(owed(100, (1, 1), 0).id), Known::Forgotten);
    assert_eq!(table.sizes().0, 1);
}

#[test]
fn of_a_lane_the_last_call_is_kept_and_a_later_epoch_comes_after_all_numbers_of_an_earlier_one() {
    let mut table = Outcomes::default();
    for number in 1..=5 {
        table.take(Note::Ended(owed(1, (3, number), 10), reply("")));
    }
    assert_eq!(table.sizes().0, 1);
    assert_eq!(table.find(owed(1, (3, 4), 0).id), Known::Over);
    assert!(matches!(table.find(owed(1, (3, 5), 0).id), Known::Ended { .. }));
    assert_eq!(table.find(owed(1, (4, 2), 0).id), Known::Nothing, "a number that was used, in another epoch");
    table.take(Note::Ended(owed(1, (4, 2), 10), reply("")));
    assert_eq!(table.find(owed(1, (3, 5), 0).id), Known::Over);
    assert_eq!(table.sizes().0, 1);
}

#[test]
fn a_new_caller_is_not_dropped_before_it_is_known_though_all_others_have_calls() {
    let mut table = Outcomes::default();
    for node in 0..17_000 {
        let about = About { lowest: 5.into(), ..about(node, 7, 10) };
        table.take(Note::Void(about));
    }
    assert_eq!(table.sizes().1, 17_000);
    assert_eq!(table.find(about(16_999, 4, 0).id), Known::Over, "it has said so");
}

#[test]
fn who_learns_it_has_the_same_and_goes_on_with_the_same() {
    let mut table = Outcomes::default();
    for number in 0..50 {
        table.take(Note::Begun(about(number % 3, number, number * 40)));
        table.take(Note::Ended(about(number % 3, number, number * 40), Stored::Lost(LostReason::NoReply)));
        table.take(Note::Void(about(4, number, number * 40)));
        table.take(Note::Ended(owed(number % 5, (2, number), number * 40), reply("")));
    }
    let mut bytes = written(&table);
    bytes.extend_from_slice(b"state");
    let (mut other, rest) = Outcomes::read(&bytes).unwrap();
    assert_eq!((rest, written(&other)), (&b"state"[..], written(&table)));
    assert_eq!(other.sizes(), table.sizes());
    for it in [&mut table, &mut other] {
        it.take(Note::Ended(About { lowest: 47.into(), ..about(1, 52, 2_600) }, reply("z")));
    }
    assert_eq!(written(&other), written(&table));
    for garbage in [&bytes[..3], &[0xff; 12], &[]] {
        assert!(Outcomes::read(garbage).is_err(), "{garbage:?}");
    }
}

#[test]
fn notes_are_read_as_they_were_written_one_after_the_other() {
    let all = [Note::Begun(about(1, 2, 3)), Note::Ended(about(1, 2, 3), reply("a")), Note::Void(about(4, 5, 6))];
    let bytes: Vec<u8> = all.iter().flat_map(|it| it.written().unwrap().to_vec()).collect();
    assert_eq!(Note::read(&bytes).unwrap(), all);
    assert!(Note::read(&[]).unwrap().is_empty());
    assert!(Note::read(&bytes[..bytes.len() - 1]).is_err());
}

#[test]
fn a_table_that_nobody_can_have_written_is_none_and_a_call_that_is_written_twice_is_there_once() {
    let (mut table, call) = (Outcomes::default(), about(1, 5, 10));
    table.take(Note::Ended(call, reply("a")));
    let (bytes, sizes) = (written(&table), table.sizes());
    // The time and the number of the table; who has called; how many calls, and these.
    let (callers, calls) = (&bytes[2..13], &bytes[14..]);
    assert_eq!((&bytes[..2], bytes[13]), (&[10, 1][..], 1));
    let twice = [&bytes[..13], &[2], calls, calls].concat();
    let (mut table, _) = Outcomes::read(&twice).unwrap();
    assert_eq!(table.sizes(), sizes);
    table.take(Note::Void(about(2, 1, 5_000)));
    assert_eq!(table.find(call.id), Known::Forgotten, "its time is over, and that of its copy");
    let numbered = |number: &[u8], callers: &[u8]| [&[10], number, callers, &[1], calls].concat();
    let endless = [[0xff; 9].as_slice(), &[1]].concat();
    assert!(Outcomes::read(&numbered(&[1], callers)).is_ok());
    assert!(Outcomes::read(&numbered(&[0], callers)).is_err(), "a number that comes again");
    assert!(Outcomes::read(&numbered(&endless, callers)).is_err(), "a number after which there is none");
    assert!(Outcomes::read(&numbered(&[1], &[&endless, &callers[1..]].concat())).is_err(), "the same of callers");
}
