use std::time::Duration;

use super::*;
use crate::testing::prove::check::model;

/// Calls by a line each: client, what, and how it ended. `+5` adds, `?` reads; `=5` is an answer, `!` not executed, `~` maybe.
/// Several `began` before their ends overlap.
#[derive(Default)]
struct Script {
    history: History<i64, i64>,
    clock: u64,
}

impl Script {
    fn at(&mut self) -> Duration {
        self.clock += 1;
        Duration::from_millis(self.clock)
    }

    fn begin(&mut self, client: &str, add: i64) -> super::super::CallId {
        let at = self.at();
        self.history.begin(client, add, at)
    }

    fn end(&mut self, call: super::super::CallId, outcome: Outcome<i64>) {
        let at = self.at();
        self.history.end(call, outcome, at);
    }

    fn call(&mut self, add: i64, outcome: Outcome<i64>) {
        let call = self.begin("ada", add);
        self.end(call, outcome);
    }

    fn judged(&self) -> Result<(), NotLinearizable> {
        linearizable(&counter(), &self.history, 100_000)
    }
}

fn counter() -> impl Model<State = i64, Op = i64, Out = i64> {
    model(0, |count: &mut i64, add: &i64| {
        *count += add;
        *count
    })
}

fn maybe() -> Outcome<i64> {
    Outcome::MaybeExecuted("lost".into())
}

use Outcome::Done;

#[test]
fn one_after_the_other_as_the_model_says_and_not_otherwise() {
    let mut script = Script::default();
    script.call(5, Done(5));
    script.call(0, Done(5));
    assert_eq!(script.judged(), Ok(()));
    script.call(1, Done(7));
    assert!(matches!(script.judged(), Err(NotLinearizable::Violation(_))));
}

#[test]
fn calls_that_overlap_have_either_order_and_others_only_theirs() {
    let mut script = Script::default();
    let (a, b) = (script.begin("ada", 1), script.begin("bob", 2));
    script.end(a, Done(3));
    script.end(b, Done(2));
    assert_eq!(script.judged(), Ok(()), "bob's came first");
    let mut script = Script::default();
    script.call(1, Done(3));
    script.call(2, Done(2));
    assert!(script.judged().is_err(), "bob's began after ada's had ended");
}

#[test]
fn a_stale_read_is_found() {
    let mut script = Script::default();
    let read = script.begin("bob", 0);
    script.call(5, Done(5));
    script.end(read, Done(0));
    assert_eq!(script.judged(), Ok(()), "it overlaps the write");
    script.call(0, Done(0));
    assert!(script.judged().is_err(), "the write has ended");
}

#[test]
fn what_was_not_executed_has_no_effect() {
    let mut script = Script::default();
    script.call(5, Outcome::NotExecuted("paused".into()));
    script.call(0, Done(0));
    assert_eq!(script.judged(), Ok(()));
    script.call(0, Done(5));
    assert!(script.judged().is_err());
}

#[test]
fn what_may_have_been_executed_takes_effect_once_at_any_later_time_or_never() {
    let mut script = Script::default();
    script.call(5, maybe());
    assert_eq!(script.judged(), Ok(()));
    script.call(0, Done(0));
    assert_eq!(script.judged(), Ok(()), "not yet");
    script.call(0, Done(5));
    assert_eq!(script.judged(), Ok(()), "after its end");
    script.call(0, Done(10));
    assert!(script.judged().is_err(), "twice");
    let mut script = Script::default();
    script.call(0, Done(5));
    script.call(5, maybe());
    assert!(script.judged().is_err(), "before it began");
}

#[test]
fn equal_calls_that_may_have_been_executed_are_counted_each() {
    let mut script = Script::default();
    for _ in 0..30 {
        script.call(1, maybe());
    }
    for seen in [7, 7, 29, 30] {
        script.call(0, Done(seen));
    }
    assert_eq!(script.judged(), Ok(()));
    script.call(0, Done(31));
    assert!(matches!(script.judged(), Err(NotLinearizable::Violation(_))));
}

#[test]
fn too_much_work_is_an_error_that_says_so() {
    let mut script = Script::default();
    for bit in 0..20 {
        script.call(1 << bit, maybe());
    }
    script.call(0, Done(-1));
    let judged = linearizable(&counter(), &script.history, 1_000);
    assert_eq!(judged, Err(NotLinearizable::Undecided { steps: 1_000, calls: 21, open: 20 }));
    let text = judged.expect_err("undecided").to_string();
    assert!(text.contains("That is no pass") && text.contains("`key`"), "{text}");
}

#[test]
fn keys_are_judged_alone() {
    struct PerParity;
    impl Model for PerParity {
        type State = i64;
        type Op = (u64, i64);
        type Out = i64;
        fn start(&self) -> i64 {
            0
        }
        fn apply(&self, state: &mut i64, op: &(u64, i64)) -> i64 {
            *state += op.1;
            *state
        }
        fn key(&self, op: &(u64, i64)) -> u64 {
            op.0
        }
    }
    let mut history = History::new();
    let mut call = |key: u64, add: i64, seen: i64| {
        let id = history.begin("ada", (key, add), Duration::ZERO);
        history.end(id, Done(seen), Duration::ZERO);
        linearizable(&PerParity, &history, 1_000)
    };
    assert_eq!(call(1, 5, 5), Ok(()));
    assert_eq!(call(2, 7, 7), Ok(()));
    let told = call(2, 1, 6).expect_err("that is the other's sum").to_string();
    assert!(told.contains("with the key 2") && !told.contains("(1,"), "{told}");
}

#[test]
fn a_violation_shows_the_best_explanation_and_what_fits_nowhere() {
    let mut script = Script::default();
    script.call(5, Done(5));
    script.call(2, maybe());
    script.call(0, Done(9));
    let told = script.judged().expect_err("nine is no sum of these").to_string();
    let wanted = "\
not linearizable: of 2 answered calls, no order explains more than 1. From 0, the best one:
  ada  0.001–0.002 s  5  → 5  then the state is 5
then one of these had to come, and none fits:
  ada  0.005–0.006 s  0  → 9  the model says 5
with these, which may have been executed, it is no better:
  ada  0.003–0.004 s  2  → maybe executed
";
    assert_eq!(told, wanted);
}

/// Against all orders, tried one by one.
#[test]
fn it_agrees_with_brute_force() {
    fn explained(calls: &[&Recorded<i64, i64>], left: &[usize], state: i64) -> bool {
        let must = |it: &usize| matches!(calls[*it].outcome, Done(_));
        if !left.iter().any(must) {
            return true;
        }
        left.iter().any(|next| {
            let call = calls[*next];
            let first = left
                .iter()
                .filter(|it| must(it))
                .filter_map(|it| calls[*it].ended)
                .all(|end| call.began.order < end.order);
            let after = state + call.op;
            let fits = match call.outcome {
                Done(out) => out == after,
                _ => true,
            };
            let rest: Vec<_> = left.iter().copied().filter(|it| it != next).collect();
            first && fits && explained(calls, &rest, after)
        })
    }
    let rng = crate::rng::Rng::from_seed(7);
    let mut verdicts = [0, 0];
    for _ in 0..3_000 {
        let (mut script, mut open, mut sum) = (Script::default(), Vec::new(), 0);
        for _ in 0..5 {
            let add = rng.below(3) as i64;
            open.push((script.begin("ada", add), add));
            while open.len() > rng.below(3) {
                let (call, add) = open.swap_remove(rng.below(open.len()));
                let (outcome, effect) = match rng.below(6) {
                    0 => (maybe(), rng.below(2) == 0),
                    1 => (Outcome::NotExecuted("no".into()), false),
                    2 => (Done(sum + add + 1), true),
                    _ => (Done(sum + add), true),
                };
                sum += if effect { add } else { 0 };
                script.end(call, outcome);
            }
        }
        let executed = |call: &&Recorded<i64, i64>| !matches!(call.outcome, Outcome::NotExecuted(_));
        let calls: Vec<_> = script.history.calls().iter().filter(executed).collect();
        let all: Vec<_> = (0..calls.len()).collect();
        let right = explained(&calls, &all, 0);
        assert_eq!(script.judged().is_ok(), right, "{:?}", script.history);
        verdicts[usize::from(right)] += 1;
    }
    assert!(verdicts.iter().all(|count| *count > 300), "both verdicts are met: {verdicts:?}");
}
