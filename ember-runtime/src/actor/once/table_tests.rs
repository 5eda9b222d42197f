//! The table: who is let in, what is stored, and what is dropped.

use super::*;
use crate::id::{Incarnation, NodeId};

const WINDOW: Duration = Duration::from_secs(60);
const LIMITS: Limits = Limits { replies: 3, bytes: 10_000, reply: 9500, running: 4, repeats: 2, callers: 2 };

struct Here {
    table: Table<u32>,
    now: Instant,
    /// Who waits no more.
    gone: Vec<u32>,
    /// The nodes that are not known any more.
    unknown: Vec<NodeKey>,
}

fn here(limits: Limits) -> Here {
    Here { table: Table::new(limits), now: Instant::now(), gone: Vec::new(), unknown: Vec::new() }
}

fn node(id: u64, run: u64) -> Option<NodeKey> {
    Some(NodeKey { id: NodeId(id), incarnation: Incarnation(run) })
}

fn value(bytes: &[u8]) -> Stored {
    Stored::Value(bytes.to_vec().into())
}

impl Here {
    fn ask(&mut self, key: CallKey, args: u64, waiter: u32) -> Admitted<u32> {
        self.ask_of(0, key, args, waiter)
    }

    fn ask_of(&mut self, method: usize, key: CallKey, args: u64, waiter: u32) -> Admitted<u32> {
        let (gone, unknown) = (&self.gone, &self.unknown);
        let (is_gone, is_known) = (|it: &u32| gone.contains(it), |it| !unknown.contains(&it));
        self.table.admit(key, (Asked { method, args }, waiter), self.now, is_gone, is_known)
    }

    fn end(&mut self, key: CallKey, bytes: &[u8]) -> Vec<u32> {
        self.table.end(key, Some((value(bytes), WINDOW)), self.now)
    }

    /// A call from its beginning to its end, whose reply has so many bytes and is stored for so long.
    fn store(&mut self, key: CallKey, bytes: usize, window: Duration) {
        assert!(matches!(self.ask(key, 0, 0), Admitted::First), "{key:?}");
        self.table.end(key, Some((value(&vec![0; bytes]), window)), self.now);
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
        assert!(why(here.ask_of(1, key, 1, 11)).contains("of another method"));
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
    assert!(here.table.callers.len() == 0 && here.table.calls.is_empty());
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
    assert!(here.table.take_crowded(here.now) && !here.table.take_crowded(here.now), "it is said once");
    assert!(matches!(here.ask((None, 5), 0, 0), Admitted::First));
    here.end((None, 5), &[0; 9000]);
    assert_eq!([2, 3, 4, 5].map(|id| here.again((None, id))), ["forgotten", "again", "again", "again"]);
    assert!(matches!(here.ask((None, 6), 0, 0), Admitted::First));
    assert!(!here.table.take_crowded(here.now), "not so soon again");
    here.end((None, 6), b"done");
    assert!(here.table.take_crowded(here.now + SAID_EVERY));
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
fn a_reply_that_is_too_large_is_told_and_not_stored_and_drives_nothing_out() {
    let mut here = here(LIMITS);
    here.call((None, 1));
    assert!(matches!(here.ask((None, 2), 0, 7), Admitted::First));
    assert_eq!(here.end((None, 2), &[0; 9501]), [7], "it is told");
    assert_eq!([1, 2, 3].map(|id| here.again((None, id))), ["again", "forgotten", "first"]);
    assert!(!here.table.is_crowded);
}

#[test]
fn what_there_is_no_room_for_is_the_oldest_and_not_what_is_dropped_first_by_its_time() {
    let mut here = here(LIMITS);
    for id in 1..=3 {
        here.store((None, id), 10, Duration::from_secs(3600));
    }
    here.store((None, 4), 10, WINDOW);
    here.store((None, 5), 10, WINDOW);
    assert_eq!([1, 2, 3, 4, 5].map(|id| here.again((None, id))), ["forgotten", "forgotten", "again", "again", "again"]);
    // What is old goes before anything that is not.
    here.now += WINDOW;
    here.store((None, 6), 10, WINDOW);
    assert_eq!([3, 5, 6].map(|id| here.again((None, id))), ["again", "forgotten", "again"]);
}

#[test]
fn a_caller_with_many_or_large_replies_loses_its_own() {
    let mut here = here(Limits { replies: 4, callers: 4, ..LIMITS });
    here.store((node(1, 1), 1), 10, WINDOW);
    here.store((node(2, 1), 1), 10, WINDOW);
    for id in 1..=9 {
        here.store((None, id), 10, WINDOW);
    }
    let others = [(node(1, 1), 1), (node(2, 1), 1)];
    assert_eq!(others.map(|key| here.again(key)), ["again"; 2], "by their number");
    assert_eq!([7, 8, 9].map(|id| here.again((None, id))), ["forgotten", "again", "again"]);
    here.store((None, 10), 9200, WINDOW);
    here.store((None, 11), 9200, WINDOW);
    assert_eq!(others.map(|key| here.again(key)), ["again"; 2], "by their bytes");
    assert_eq!([10, 11].map(|id| here.again((None, id))), ["forgotten", "again"]);
    let sizes: Vec<_> = here.table.ended.values().map(|key| here.table.calls[key].course.size()).collect();
    assert_eq!(here.table.bytes, sizes.iter().sum::<usize>());
    here.now += WINDOW;
    assert_eq!(here.again((None, 12)), "first");
    assert_eq!((here.table.bytes, here.table.ended.len(), here.table.callers.heaviest(0)), (0, 0, None));
}

#[test]
fn the_newest_is_stored_though_its_caller_has_the_largest() {
    let mut here = here(Limits { callers: 4, ..LIMITS });
    for (id, bytes) in [(1, 10), (2, 20), (3, 30), (4, 40)] {
        here.store((node(id, 1), 1), bytes, WINDOW);
    }
    assert_eq!([1, 2, 3, 4].map(|id| here.again((node(id, 1), 1))), ["again", "again", "forgotten", "again"]);
    let mut even = self::here(Limits { callers: 4, ..LIMITS });
    for id in [4, 3, 2, 1] {
        even.store((node(id, 1), 1), 10, WINDOW);
    }
    assert_eq!([4, 3, 2, 1].map(|id| even.again((node(id, 1), 1))), ["forgotten", "again", "again", "again"]);
}

impl Course<u32> {
    fn size(&self) -> usize {
        match self {
            Self::Runs(_) => 0,
            Self::Ended(reply, _) => OVERHEAD + reply.len(),
        }
    }
}

#[test]
fn who_has_gone_does_not_count_among_those_that_wait() {
    let (mut here, key) = (here(LIMITS), (None, 7));
    assert!(matches!(here.ask(key, 0, 10), Admitted::First));
    assert_eq!([here.again(key), here.again(key)], ["joined"; 2]);
    assert_eq!(here.again(key), "refused");
    here.gone = vec![0, 10];
    assert!(matches!(here.ask(key, 0, 11), Admitted::Joined), "nobody waits, though it runs");
    assert_eq!(here.table.take_gone(), [10, 0, 0]);
    assert_eq!(here.end(key, b"done"), [11]);
}

#[test]
fn a_new_run_of_a_node_takes_the_place_of_those_before_and_not_of_later_ones() {
    let mut here = here(LIMITS);
    for run in 1..=20 {
        here.call((node(1, run), 1));
        here.now += WINDOW;
    }
    assert!(here.table.callers.len() <= 2, "{:?}", here.table.callers);
    // A call of an earlier run was late on its way.
    here.table.limits.callers = 3;
    here.call((node(1, 7), 1));
    here.now += WINDOW;
    assert_eq!([(node(1, 20), 1), (node(1, 7), 1)].map(|key| here.again(key)), ["forgotten"; 2]);
}

#[test]
fn the_callers_are_bounded_and_those_that_are_not_known_any_more_give_way_the_oldest_first() {
    let mut here = here(LIMITS);
    for id in [1, 2] {
        here.call((node(id, 1), 1));
        here.now += WINDOW;
    }
    let full = |here: &mut Here| match here.ask((node(9, 1), 1), 0, 0) {
        Admitted::Refused(Failure::NotExecuted(RefusedReason::TooManyCallers { limit: 2 }), 0) => true,
        Admitted::First => false,
        other => panic!("{other:?}"),
    };
    assert!(full(&mut here));
    assert_eq!(
        [1, 2].map(|id| here.again((node(id, 1), 1))),
        ["forgotten"; 2],
        "no mark of one that may still repeat is given up"
    );
    // As many as there is room for come and go, under names that never come again.
    here.unknown = (1..1000).filter_map(|id| node(id, 1)).collect();
    for id in 100..200 {
        here.call((node(id, 1), 1));
        here.now += WINDOW;
        assert_eq!(here.again((node(id, 1), 1)), "forgotten", "there are others to give way");
    }
    assert_eq!(here.again((node(198, 1), 1)), "forgotten");
    // Neither one that runs nor one whose reply is stored does.
    here.table.limits.callers = 4;
    assert_eq!([here.again((node(300, 1), 1)), here.again((node(301, 1), 1))], ["first"; 2]);
    here.end((node(301, 1), 1), b"done");
    here.table.limits.callers = 2;
    assert!(full(&mut here));
    assert_eq!([300, 301].map(|id| here.again((node(id, 1), 1))), ["joined", "again"]);
}

#[test]
fn a_mark_of_this_node_and_those_of_nodes_that_are_known_stay_however_many_ask() {
    let mut here = here(Limits { callers: 100, ..LIMITS });
    here.call((None, 1));
    for id in 1..100 {
        here.call((node(id, 1), 1));
    }
    here.now += WINDOW;
    here.unknown = node(99, 1).into_iter().collect();
    // Not all are looked at each time, and nobody is looked at twice before all others have been.
    let tries: Vec<_> = (0..2).map(|_| here.again((node(500, 1), 1))).collect();
    assert_eq!(tries, ["refused", "first"]);
    assert_eq!(here.again((None, 1)), "forgotten");
    for id in 1..99 {
        assert_eq!(here.again((node(id, 1), 1)), "forgotten");
    }
}

#[test]
fn nobody_wants_it_when_all_who_wait_have_gone() {
    let (mut here, key) = (here(LIMITS), (None, 7));
    let _ = (here.ask(key, 0, 10), here.ask(key, 0, 11));
    assert!(!here.table.is_unwanted(key, |&waiter| waiter == 10));
    assert!(here.table.is_unwanted(key, |&waiter| waiter >= 10));
}
