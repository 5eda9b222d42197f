//! The table: who is let in, what is stored, and what is dropped.

use super::*;
use crate::id::{Incarnation, NodeId};

const WINDOW: Duration = Duration::from_secs(60);
const LIMITS: Limits = Limits { replies: 3, bytes: 10_000, running: 4, repeats: 2, callers: 2 };

struct Here {
    table: Table<u32>,
    now: Instant,
}

fn here(limits: Limits) -> Here {
    Here { table: Table::new(limits), now: Instant::now() }
}

fn node(id: u64, run: u64) -> Option<NodeKey> {
    Some(NodeKey { id: NodeId(id), incarnation: Incarnation(run) })
}

fn value(bytes: &[u8]) -> Stored {
    Stored::Value(bytes.to_vec().into())
}

impl Here {
    fn ask(&mut self, key: CallKey, args: u64, waiter: u32) -> Admitted<u32> {
        self.table.admit(key, Asked { method: 0, args }, waiter, self.now)
    }

    fn end(&mut self, key: CallKey, bytes: &[u8]) -> Vec<u32> {
        self.table.end(key, Some((value(bytes), WINDOW)), self.now)
    }

    /// A call from its beginning to its end.
    fn call(&mut self, key: CallKey) {
        assert!(matches!(self.ask(key, 0, 0), Admitted::First), "{key:?}");
        self.end(key, b"done");
    }

    /// What a repetition of a call without arguments is told.
    fn again(&mut self, key: CallKey) -> &'static str {
        match self.ask(key, 0, 0) {
            Admitted::First => "first",
            Admitted::Joined => "joined",
            Admitted::Again(..) => "again",
            Admitted::Refused(Failure::MaybeExecuted(LostReason::Forgotten), _) => "forgotten",
            Admitted::Refused(..) => "refused",
        }
    }
}

#[test]
fn a_repetition_waits_for_the_one_that_runs_and_then_has_its_reply() {
    let (mut here, key) = (here(LIMITS), (None, 7));
    assert!(matches!(here.ask(key, 1, 10), Admitted::First));
    assert!(matches!(here.ask(key, 1, 11), Admitted::Joined));
    assert_eq!(here.end(key, b"done"), [10, 11], "both hear of it");
    assert!(matches!(here.ask(key, 1, 12), Admitted::Again(reply, 12) if reply == value(b"done")));
    assert_eq!(here.end(key, b"other"), [0; 0], "it ends once");
    assert!(matches!(here.ask(key, 1, 13), Admitted::Again(reply, 13) if reply == value(b"done")));
}

#[test]
fn an_id_stands_for_one_method_and_its_arguments_and_for_one_caller() {
    let (mut here, key) = (here(Limits { callers: 3, ..LIMITS }), (node(1, 1), 7));
    assert!(matches!(here.ask(key, 1, 10), Admitted::First));
    for is_over in [false, true] {
        let why = |admitted| match admitted {
            Admitted::Refused(Failure::NotExecuted(RefusedReason::NotOnce(why)), 11) => why,
            other => panic!("{other:?}"),
        };
        assert!(why(here.ask(key, 2, 11)).contains("with other arguments"));
        let other = Asked { method: 1, args: 1 };
        assert!(why(here.table.admit(key, other, 11, here.now)).contains("of another method"));
        if !is_over {
            here.end(key, b"done");
        }
    }
    assert!(matches!(here.ask((node(1, 2), 7), 2, 10), Admitted::First), "the next run of that node");
    assert!(matches!(here.ask((None, 7), 3, 10), Admitted::First), "this node");
}

#[test]
fn a_call_that_was_not_run_leaves_nothing() {
    let (mut here, key) = (here(LIMITS), (None, 7));
    assert!(matches!(here.ask(key, 1, 10), Admitted::First));
    assert!(matches!(here.ask(key, 1, 11), Admitted::Joined));
    assert_eq!(here.table.end(key, None, here.now), [10, 11]);
    assert!(here.table.callers.is_empty() && here.table.calls.is_empty());
    assert!(matches!(here.ask(key, 2, 12), Admitted::First), "also with other arguments");
}

#[test]
fn what_is_dropped_is_not_run_again_nor_is_anything_older_of_its_caller() {
    let mut here = here(LIMITS);
    here.call((None, 5));
    here.now += WINDOW - Duration::from_millis(1);
    assert_eq!(here.again((None, 5)), "again");
    here.now += Duration::from_millis(1);
    assert_eq!(here.again((None, 5)), "forgotten", "its time is over");
    assert_eq!(here.again((None, 4)), "forgotten", "it may have been dropped before");
    assert_eq!(here.again((None, 6)), "first");
    assert_eq!(here.again((node(1, 1), 4)), "first", "of another");
}

#[test]
fn the_replies_are_bounded_by_their_number_and_by_their_bytes_and_the_oldest_go_first() {
    let mut here = here(LIMITS);
    for id in 1..=4 {
        here.call((None, id));
        here.now += Duration::from_millis(1);
    }
    assert_eq!([1, 2, 3, 4].map(|id| here.again((None, id))), ["forgotten", "again", "again", "again"]);
    assert!(here.table.take_crowded() && !here.table.take_crowded(), "it is said once");
    assert!(matches!(here.ask((None, 5), 0, 0), Admitted::First));
    here.end((None, 5), &[0; 9000]);
    assert_eq!([2, 3, 4, 5].map(|id| here.again((None, id))), ["forgotten", "again", "again", "again"]);
    assert!(matches!(here.ask((None, 6), 0, 0), Admitted::First));
    assert_eq!(here.end((None, 6), &[0; 20_000]), [0], "it is told, and not stored");
    assert_eq!([4, 5, 6].map(|id| here.again((None, id))), ["forgotten"; 3]);
    assert_eq!((here.table.bytes, here.table.calls.len(), here.table.ended.len()), (0, 0, 0));
}

#[test]
fn a_call_that_runs_is_never_dropped_and_there_are_only_so_many() {
    let mut here = here(LIMITS);
    for id in 1..=4 {
        assert!(matches!(here.ask((None, id), 0, 0), Admitted::First));
    }
    let full = here.ask((None, 5), 0, 0);
    assert!(matches!(full, Admitted::Refused(Failure::NotExecuted(RefusedReason::TooManyOnce { limit: 4, .. }), 0)));
    assert_eq!([here.again((None, 1)), here.again((None, 1))], ["joined"; 2]);
    let crowd = here.ask((None, 1), 0, 0);
    assert!(
        matches!(crowd, Admitted::Refused(Failure::MaybeExecuted(LostReason::TooManyRepeats { limit: 2 }), 0)),
        "the first may have been run: {crowd:?}"
    );
    here.now += WINDOW * 100;
    here.end((None, 4), b"done");
    here.now += WINDOW;
    assert_eq!(here.again((None, 4)), "forgotten");
    assert_eq!(here.again((None, 2)), "joined", "it is below the mark, and there");
}

#[test]
fn the_callers_are_bounded_and_a_new_run_of_a_node_takes_the_place_of_those_before() {
    let mut here = here(LIMITS);
    for run in 1..=20 {
        here.call((node(1, run), 1));
        here.now += WINDOW;
    }
    assert!(here.table.callers.len() <= 2, "{:?}", here.table.callers);
    here.call((None, 1));
    here.now += WINDOW;
    let full = here.ask((node(2, 1), 1), 0, 0);
    assert!(matches!(full, Admitted::Refused(Failure::NotExecuted(RefusedReason::TooManyOnce { limit: 2, .. }), 0)));
    assert_eq!(here.again((node(1, 20), 1)), "forgotten", "no mark of one that may still repeat is given up");
    assert_eq!(here.again((None, 1)), "forgotten");
}

#[test]
fn nobody_wants_it_when_all_who_wait_have_gone() {
    let (mut here, key) = (here(LIMITS), (None, 7));
    let _ = (here.ask(key, 0, 10), here.ask(key, 0, 11));
    assert!(!here.table.is_unwanted(key, |&waiter| waiter == 10));
    assert!(here.table.is_unwanted(key, |&waiter| waiter >= 10));
}
