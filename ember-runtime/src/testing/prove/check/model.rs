//! What a service does when calls come one after the other.

use std::{fmt::Debug, hash::Hash, marker::PhantomData};

/// A service as a plain function: what each call does to the state, and what it answers, when nothing ever goes wrong and calls come
/// one after the other. Often it is simplest written by [`model`].
pub trait Model {
    /// What the service keeps. Small is fast: it is cloned for each step of the search.
    type State: Clone + Eq + Hash + Debug;
    /// What can be asked for: usually an enum with a variant per method.
    type Op: Clone + PartialEq + Debug;
    /// What comes back.
    type Out: Clone + PartialEq + Debug;

    /// The state before the first call.
    fn start(&self) -> Self::State;

    /// Does what was asked for. It must not depend on anything else: no clock, no chance.
    fn apply(&self, state: &mut Self::State, op: &Self::Op) -> Self::Out;

    /// The part of the state that a call is about: an account's number, the hash of a name. Calls with different keys must not
    /// meet; those with one key are judged alone, from [`start`](Self::start). Many small searches take far less time than one.
    /// By default there is one part.
    fn key(&self, op: &Self::Op) -> u64 {
        let _ = op;
        0
    }
}

/// A [`Model`] from a state and a closure.
///
/// ```
/// # use ember_runtime::testing::prove::{Model, model};
/// let counter = model(0, |count: &mut u64, add: &u64| {
///     *count += add;
///     *count
/// });
/// let mut state = counter.start();
/// assert_eq!((counter.apply(&mut state, &2), counter.apply(&mut state, &3)), (2, 5));
/// ```
pub fn model<S, Op, Out>(start: S, apply: impl Fn(&mut S, &Op) -> Out) -> impl Model<State = S, Op = Op, Out = Out>
where
    S: Clone + Eq + Hash + Debug,
    Op: Clone + PartialEq + Debug,
    Out: Clone + PartialEq + Debug,
{
    ByClosure { start, apply, _types: PhantomData::<fn(&Op) -> Out> }
}

struct ByClosure<S, F, T> {
    start: S,
    apply: F,
    _types: PhantomData<T>,
}

impl<S, Op, Out, F> Model for ByClosure<S, F, fn(&Op) -> Out>
where
    S: Clone + Eq + Hash + Debug,
    Op: Clone + PartialEq + Debug,
    Out: Clone + PartialEq + Debug,
    F: Fn(&mut S, &Op) -> Out,
{
    type State = S;
    type Op = Op;
    type Out = Out;

    fn start(&self) -> S {
        self.start.clone()
    }

    fn apply(&self, state: &mut S, op: &Op) -> Out {
        (self.apply)(state, op)
    }
}
