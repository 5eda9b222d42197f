//! The table of the calls with an id, bounded in every direction. It has no clock and no lock of its own, and answers nobody.
//!
//! A call is there from when it is let in to when its reply has been stored for its time; one that certainly was not run leaves nothing.
//! What is dropped, because its time is over or because there is no room, leaves a mark: the highest id of its caller that was. An id at
//! or below the mark that is not in the table may have been run, and never is again.

use std::{
    collections::{BTreeMap, HashMap},
    mem,
    time::Duration,
};

use tokio::time::Instant;

use super::reply::Stored;
use crate::{
    clock::LONGEST,
    error::{Failure, LostReason, RefusedReason},
    id::NodeKey,
};

/// A call that is let in drops so many at most whose time is over: the next one goes on.
const DROPPED_AT_ONCE: usize = 64;
/// What a call costs beside the bytes of its reply.
const OVERHEAD: usize = 192;

/// How much is remembered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Replies.
    pub(super) replies: usize,
    /// Their bytes, with what each costs beside them.
    pub(super) bytes: usize,
    /// Calls that run, or wait in the mailbox.
    pub(super) running: usize,
    /// Repetitions that wait for one of them.
    pub(super) repeats: usize,
    /// Callers.
    pub(super) callers: usize,
}

impl Limits {
    pub(super) const DEFAULT: Self =
        Self { replies: 65_536, bytes: 16 << 20, running: 4096, repeats: 16, callers: 16_384 };
}

/// Which call: the run of the node that makes it, `None` if that is this one, and its id there.
pub(super) type CallKey = (Option<NodeKey>, u64);

/// What is called, to tell a repetition from another call with its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Asked {
    /// The place of the method in the table of the service.
    pub(super) method: usize,
    /// A hash of the keys of its module, and of its arguments as they travel.
    pub(super) args: u64,
}

/// What becomes of a call.
#[derive(Debug)]
pub(super) enum Admitted<W> {
    /// It is run.
    First,
    /// It waits for the one that runs.
    Joined,
    /// This is the reply of the first.
    Again(Stored, W),
    /// It is neither run nor answered.
    Refused(Failure, W),
}

/// The table. Whoever waits for a reply is a `W`.
#[derive(Debug)]
pub(super) struct Table<W> {
    limits: Limits,
    calls: HashMap<CallKey, Call<W>>,
    /// Those that have a reply, the first that is dropped first.
    ended: BTreeMap<(Instant, u64), CallKey>,
    callers: HashMap<Option<NodeKey>, Caller>,
    bytes: usize,
    /// Counts the replies: two may be dropped at the same time.
    number: u64,
    /// Replies were dropped before their time.
    is_crowded: bool,
}

#[derive(Debug)]
struct Call<W> {
    asked: Asked,
    course: Course<W>,
}

#[derive(Debug)]
enum Course<W> {
    Runs(Vec<W>),
    Ended(Stored, (Instant, u64)),
}

#[derive(Debug, Default)]
struct Caller {
    calls: usize,
    /// The highest id of a call that was dropped.
    mark: Option<u64>,
}

impl<W> Table<W> {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            calls: HashMap::new(),
            ended: BTreeMap::new(),
            callers: HashMap::new(),
            bytes: 0,
            number: 0,
            is_crowded: false,
        }
    }

    /// Lets a call in, for whose reply `waiter` waits.
    pub(super) fn admit(&mut self, key: CallKey, asked: Asked, waiter: W, now: Instant) -> Admitted<W> {
        self.drop_old(now);
        if let Some(Call { course: Course::Ended(_, at), .. }) = self.calls.get(&key)
            && at.0 <= now
        {
            self.forget(*at);
        }
        if let Some(call) = self.calls.get_mut(&key) {
            if call.asked != asked {
                let what = if call.asked.method == asked.method { "with other arguments" } else { "of another method" };
                let why = format!("the id {} stands for a call {what}: give each call an id of its own", key.1);
                return Admitted::Refused(RefusedReason::NotOnce(why).into(), waiter);
            }
            return match &mut call.course {
                Course::Ended(reply, _) => Admitted::Again(reply.clone(), waiter),
                // The first is the one that runs.
                Course::Runs(waiters) if waiters.len() > self.limits.repeats => {
                    let limit = self.limits.repeats as u64;
                    Admitted::Refused(LostReason::TooManyRepeats { limit }.into(), waiter)
                }
                Course::Runs(waiters) => {
                    waiters.push(waiter);
                    Admitted::Joined
                }
            };
        }
        let (caller, id) = key;
        if self.callers.get(&caller).and_then(|it| it.mark).is_some_and(|mark| id <= mark) {
            return Admitted::Refused(LostReason::Forgotten.into(), waiter);
        }
        if self.calls.len() - self.ended.len() >= self.limits.running {
            return Admitted::Refused(too_many(self.limits.running, "such calls that run still"), waiter);
        }
        if !self.callers.contains_key(&caller) {
            self.drop_earlier_runs(caller);
            if self.callers.len() >= self.limits.callers {
                return Admitted::Refused(too_many(self.limits.callers, "nodes that have made such calls"), waiter);
            }
        }
        self.callers.entry(caller).or_default().calls += 1;
        self.calls.insert(key, Call { asked, course: Course::Runs(vec![waiter]) });
        Admitted::First
    }

    /// A call has ended: with a reply, which is stored for so long, or without having been run. Gives back who waits for it.
    pub(super) fn end(&mut self, key: CallKey, reply: Option<(Stored, Duration)>, now: Instant) -> Vec<W> {
        let Some(Call { course: Course::Runs(waiters), .. }) = self.calls.get_mut(&key) else { return Vec::new() };
        let waiters = mem::take(waiters);
        let Some((reply, window)) = reply else {
            self.remove(key, None);
            return waiters;
        };
        let at = (now + window.min(LONGEST), self.number);
        self.number += 1;
        self.bytes += OVERHEAD + reply.len();
        if let Some(call) = self.calls.get_mut(&key) {
            call.course = Course::Ended(reply, at);
        }
        self.ended.insert(at, key);
        while self.ended.len() > self.limits.replies || self.bytes > self.limits.bytes {
            let Some((&oldest, _)) = self.ended.first_key_value() else { break };
            self.is_crowded |= oldest.0 > now;
            self.forget(oldest);
        }
        waiters
    }

    /// Whether nobody waits for the reply of this call any more, of whom `is_gone` says so.
    pub(super) fn is_unwanted(&self, key: CallKey, is_gone: impl Fn(&W) -> bool) -> bool {
        match self.calls.get(&key) {
            Some(Call { course: Course::Runs(waiters), .. }) => waiters.iter().all(is_gone),
            _ => true,
        }
    }

    /// Whether replies have been dropped before their time since this was last asked.
    pub(super) fn take_crowded(&mut self) -> bool {
        mem::take(&mut self.is_crowded)
    }

    fn drop_old(&mut self, now: Instant) {
        for _ in 0..DROPPED_AT_ONCE {
            match self.ended.first_key_value() {
                Some((&at, _)) if at.0 <= now => self.forget(at),
                _ => return,
            }
        }
    }

    /// Drops the reply that was to be dropped at `at`.
    fn forget(&mut self, at: (Instant, u64)) {
        if let Some(key) = self.ended.remove(&at) {
            self.remove(key, Some(key.1));
        }
    }

    /// Removes a call, which leaves this mark.
    fn remove(&mut self, key: CallKey, mark: Option<u64>) {
        if let Some(Call { course: Course::Ended(reply, _), .. }) = self.calls.remove(&key) {
            self.bytes -= OVERHEAD + reply.len();
        }
        if let Some(caller) = self.callers.get_mut(&key.0) {
            caller.calls -= 1;
            caller.mark = caller.mark.max(mark);
            if caller.calls == 0 && caller.mark.is_none() {
                self.callers.remove(&key.0);
            }
        }
    }

    /// A run of a node that has not called before: those before it have ended, and repeat nothing.
    fn drop_earlier_runs(&mut self, caller: Option<NodeKey>) {
        let Some(new) = caller else { return };
        self.callers.retain(|of, it| it.calls > 0 || of.is_none_or(|of| of.id != new.id));
    }
}

fn too_many(limit: usize, of: &str) -> Failure {
    RefusedReason::TooManyOnce { limit: limit as u64, of: of.into() }.into()
}

#[cfg(test)]
mod tests {
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
        let (mut here, key) = (here(LIMITS), (node(1, 1), 7));
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
        assert_eq!([2, 3, 4, 5].map(|id| here.again((None, id))), ["forgotten", "forgotten", "again", "again"]);
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
}
