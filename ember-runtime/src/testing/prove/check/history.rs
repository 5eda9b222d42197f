//! Calls as their callers saw them.

use std::time::Duration;

use crate::error::CallError;

/// Calls in the order in which they began, with their ends: what [`linearizable`](super::linearizable) judges.
///
/// What counts for the judgement is the order in which beginnings and ends were recorded; the times are for people, and for
/// deadlines. Record a beginning before anything of the call can have happened, an end after all of it.
#[derive(Debug, Clone)]
pub struct History<Op, Out> {
    calls: Vec<Recorded<Op, Out>>,
    order: u64,
}

/// One call.
#[derive(Debug, Clone)]
pub struct Recorded<Op, Out> {
    /// Who called.
    pub client: String,
    /// What was asked for.
    pub op: Op,
    /// When it began.
    pub began: Moment,
    /// When it ended; `None` if it never did: its caller was killed, or dropped it.
    pub ended: Option<Moment>,
    /// How it ended. One that never did may have been executed.
    pub outcome: Outcome<Out>,
}

/// A moment of a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Since the history's clock began; in a simulation, virtual time.
    pub at: Duration,
    /// Its place among all beginnings and ends.
    pub order: u64,
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome<Out> {
    /// It ran, once, between its beginning and its end, and this came back: a value or the application's error.
    Done(Out),
    /// It certainly had no effect; and why.
    NotExecuted(String),
    /// It may take effect, once, at any time after its beginning, its end too; or never; and why.
    MaybeExecuted(String),
}

impl<Out> Outcome<Out> {
    /// What the result of a typed client's call means. `out` makes one type of the method's value and its error.
    pub fn of<T, E>(result: &Result<T, CallError<E>>, out: impl FnOnce(Result<&T, &E>) -> Out) -> Self {
        match result {
            Ok(value) => Self::Done(out(Ok(value))),
            Err(CallError::App(error)) => Self::Done(out(Err(error))),
            Err(CallError::NotExecuted(refused)) => Self::NotExecuted(refused.reason().to_string()),
            Err(CallError::MaybeExecuted(lost)) => Self::MaybeExecuted(lost.reason().to_string()),
        }
    }
}

/// Which call has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallId(usize);

impl<Op, Out> History<Op, Out> {
    /// Nothing has happened.
    pub fn new() -> Self {
        Self { calls: Vec::new(), order: 0 }
    }

    fn moment(&mut self, at: Duration) -> Moment {
        self.order += 1;
        Moment { at, order: self.order }
    }

    /// A call begins.
    pub fn begin(&mut self, client: impl Into<String>, op: Op, at: Duration) -> CallId {
        let (client, began) = (client.into(), self.moment(at));
        let outcome = Outcome::MaybeExecuted("it has no end".into());
        self.calls.push(Recorded { client, op, began, ended: None, outcome });
        CallId(self.calls.len() - 1)
    }

    /// A call ends.
    ///
    /// # Panics
    /// If it has ended before, or is another history's.
    pub fn end(&mut self, call: CallId, outcome: Outcome<Out>, at: Duration) {
        let ended = self.moment(at);
        let call = self.calls.get_mut(call.0).expect("a call ends in the history where it began");
        assert!(call.ended.is_none(), "a call of {} ended twice", call.client);
        (call.ended, call.outcome) = (Some(ended), outcome);
    }

    /// The calls, in the order of their beginnings.
    pub fn calls(&self) -> &[Recorded<Op, Out>] {
        &self.calls
    }

    /// The calls that ended with a value or an error of the application: what they asked for, and what came back.
    pub fn done(&self) -> impl Iterator<Item = (&Op, &Out)> {
        self.calls.iter().filter_map(|call| match &call.outcome {
            Outcome::Done(out) => Some((&call.op, out)),
            _ => None,
        })
    }
}

impl<Op, Out> Default for History<Op, Out> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Failure, LostReason, RefusedReason};

    #[test]
    fn each_result_of_a_call_is_one_of_three_outcomes() {
        let of = |result: Result<u8, CallError<&str>>| {
            Outcome::of(&result, |it| match it {
                Ok(value) => value.to_string(),
                Err(error) => (*error).to_owned(),
            })
        };
        assert_eq!(of(Ok(7)), Outcome::Done("7".into()));
        assert_eq!(of(Err(CallError::App("poor"))), Outcome::Done("poor".into()));
        let refused = of(Err(Failure::from(RefusedReason::Paused).at("it", "m")));
        assert_eq!(refused, Outcome::NotExecuted("it is paused".into()));
        let lost = of(Err(Failure::from(LostReason::Deadline).at("it", "m")));
        assert_eq!(lost, Outcome::MaybeExecuted("no reply before the deadline".into()));
    }

    #[test]
    fn a_call_without_an_end_may_have_been_executed() {
        let mut history = History::new();
        let (first, _second) = (history.begin("a", 1, Duration::ZERO), history.begin("b", 2, Duration::ZERO));
        history.end(first, Outcome::Done("x"), Duration::from_secs(1));
        let [first, second] = history.calls() else { panic!("two calls") };
        assert_eq!((first.began.order, first.ended.map(|it| it.order), second.began.order), (1, Some(3), 2));
        assert!(second.ended.is_none() && matches!(second.outcome, Outcome::MaybeExecuted(_)));
        assert_eq!(history.done().collect::<Vec<_>>(), [(&1, &"x")]);
    }
}
