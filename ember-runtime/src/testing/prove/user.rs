//! One user of the services, as the workload sees it.

use std::{
    cell::{Cell, RefCell},
    convert::Infallible,
    fmt,
    future::IntoFuture,
    rc::Rc,
    time::Duration,
};

use tokio::time::sleep;

use super::check::{History, Outcome};
use crate::{
    error::CallError,
    message::MethodRef,
    node::Node,
    rng::Rng,
    testing::{hosts::Process, trace::now},
};

/// Shared by all users of a run, and outliving their nodes.
pub(super) type Record<Op, Out> = Rc<RefCell<Log<Op, Out>>>;

/// What users saw, and what the judge has to know beside it.
#[derive(Debug)]
pub(super) struct Log<Op, Out> {
    pub(super) history: History<Op, Out>,
    /// For how long the host of each call's user stood still while it lasted: then nothing can end.
    pub(super) stood: Vec<Duration>,
}

impl<Op, Out> Default for Log<Op, Out> {
    fn default() -> Self {
        Self { history: History::new(), stood: Vec::new() }
    }
}

/// A user of the services, on the host of one node: makes calls that are recorded. Clones are the same user.
///
/// If its node is killed, the user is too; when the node is back, the workload is started anew for the turns that are left.
pub struct User<Op, Out> {
    pub(super) node: Node,
    pub(super) name: String,
    pub(super) record: Record<Op, Out>,
    pub(super) rng: Rng,
    pub(super) turns: Rc<Cell<u32>>,
    pub(super) pace: Duration,
    pub(super) process: Rc<Process>,
    /// What services there are to call, and how long a call may take.
    pub(super) catalogue: Rc<[(String, MethodRef)]>,
    pub(super) deadline: Duration,
}

impl<Op, Out> User<Op, Out> {
    /// Waits a random while, and says whether there is another turn: `while user.turn().await { … }`, with a call or a few in each, is
    /// a workload that can be made smaller when it fails.
    pub async fn turn(&self) -> bool {
        let left = self.turns.get();
        if left == 0 {
            return false;
        }
        self.turns.set(left - 1);
        sleep(self.rng.jitter(self.pace * 2)).await;
        true
    }

    /// The node where it is: `user.node().client::<BankClient>()`.
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// Its name: its node's, its number, and how often it has been started.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A number in `0..bound`, from the seed; 0 if `bound` is 0.
    pub fn below(&self, bound: usize) -> usize {
        self.rng.below(bound)
    }

    /// One of these, from the seed.
    ///
    /// # Panics
    /// If there is none.
    #[track_caller]
    pub fn pick<'a, T>(&self, among: &'a [T]) -> &'a T {
        among.get(self.rng.below(among.len())).expect("there is something to pick from")
    }

    /// Makes a call of a method without an error of its own, and records it as `op`. What the model answers is compared with the value.
    ///
    /// Whatever is awaited here is one call to the judge: with a loop around it that tries again, it must still have its effect
    /// once.
    ///
    /// # Errors
    /// Those of the call.
    ///
    /// # Cancel safety
    /// Dropped before its end, it counts as a call that may have been executed.
    pub async fn call<T, C>(&self, op: Op, call: C) -> Result<T, CallError>
    where
        C: IntoFuture<Output = Result<T, CallError>>,
        T: Clone + Into<Out>,
    {
        let out = |result: Result<&T, &Infallible>| match result {
            Ok(value) => value.clone().into(),
            Err(never) => match *never {},
        };
        self.call_as(op, call, out).await
    }

    /// As [`call`](Self::call), for any method: `out` makes what the model answers of its value or its error.
    ///
    /// # Errors
    /// Those of the call.
    ///
    /// # Cancel safety
    /// As [`call`](Self::call).
    pub async fn call_as<T, E, C>(
        &self,
        op: Op,
        call: C,
        out: impl FnOnce(Result<&T, &E>) -> Out,
    ) -> Result<T, CallError<E>>
    where
        C: IntoFuture<Output = Result<T, CallError<E>>>,
    {
        let (id, place, stood) = {
            let Log { history, stood } = &mut *self.record.borrow_mut();
            stood.push(Duration::ZERO);
            (history.begin(&*self.name, op, now()), stood.len() - 1, self.process.stood())
        };
        let result = call.into_future().await;
        let outcome = Outcome::of(&result, out);
        let log = &mut *self.record.borrow_mut();
        log.history.end(id, outcome, now());
        if let Some(whole) = log.stood.get_mut(place) {
            *whole = self.process.stood() - stood;
        }
        result
    }
}

impl<Op, Out> Clone for User<Op, Out> {
    fn clone(&self) -> Self {
        Self {
            node: self.node.clone(),
            name: self.name.clone(),
            record: Rc::clone(&self.record),
            rng: self.rng.clone(),
            turns: Rc::clone(&self.turns),
            pace: self.pace,
            process: Rc::clone(&self.process),
            catalogue: Rc::clone(&self.catalogue),
            deadline: self.deadline,
        }
    }
}

impl<Op, Out> fmt::Debug for User<Op, Out> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User").field("name", &self.name).field("turns", &self.turns).finish_non_exhaustive()
    }
}
