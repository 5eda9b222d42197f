//! Whether a history is linearizable: Wing and Gong's search for an order of the calls that the model explains, which keeps the order
//! of those that did not overlap; with Lowe's memory of (calls placed, state) pairs that led nowhere.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashSet},
    error, fmt,
};

use super::{
    history::{History, Outcome, Recorded},
    model::Model,
    story::Violation,
};

/// A history that is not known to be linearizable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotLinearizable {
    /// No order of its calls explains what came back.
    Violation(Violation),
    /// The search was given up: the history may be either.
    Undecided {
        /// The steps that were taken.
        steps: usize,
        /// The calls that were to be ordered.
        calls: usize,
        /// How many of them may or may not have been executed: those are what makes a search long.
        open: usize,
    },
}

impl fmt::Display for NotLinearizable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Violation(violation) => violation.fmt(f),
            Self::Undecided { steps, calls, open } => write!(
                f,
                "undecided: {steps} steps of the search have neither found an order of these {calls} calls ({open} of them may or \
                 may not have been executed) nor excluded all. That is no pass: make fewer calls or fewer faults, give the \
                 model a `key`, or allow more steps with `.effort(…)`"
            ),
        }
    }
}

impl error::Error for NotLinearizable {}

/// Judges a history by a model: whether there is an order of its calls, one after the other, in which each comes between its
/// beginning and its end and the model answers each as it was answered. Calls that were not executed are not in it; those that may
/// have been are in it or not, at any place after their beginning.
///
/// `steps` bounds the work for each key: a million take a second or so, and some hundred megabytes where states are small.
///
/// # Errors
/// [`NotLinearizable::Violation`] says where the explanation ends. [`NotLinearizable::Undecided`] if `steps` were not enough: that is
/// never a pass.
pub fn linearizable<M: Model>(
    model: &M,
    history: &History<M::Op, M::Out>,
    steps: usize,
) -> Result<(), NotLinearizable> {
    let mut keys = BTreeMap::<u64, Vec<&Recorded<M::Op, M::Out>>>::new();
    for call in history.calls().iter().filter(|call| !matches!(call.outcome, Outcome::NotExecuted(_))) {
        keys.entry(model.key(&call.op)).or_default().push(call);
    }
    let many = keys.len() > 1;
    keys.into_iter().try_for_each(|(key, calls)| Search { model, calls: &calls }.run(many.then_some(key), steps))
}

/// The calls with one key, in the order of their beginnings.
struct Search<'a, M: Model> {
    model: &'a M,
    calls: &'a [&'a Recorded<M::Op, M::Out>],
}

impl<M: Model> Search<'_, M> {
    fn run(&self, key: Option<u64>, steps: usize) -> Result<(), NotLinearizable> {
        let required = self.calls.iter().filter(|call| call.is_done()).count();
        if required == 0 {
            return Ok(());
        }
        let mut placed = Set::new(self.calls.len());
        let mut seen = HashSet::new();
        let (mut path, mut states) = (Vec::<usize>::new(), vec![self.model.start()]);
        let (mut done, mut best) = (0, (0, Vec::new()));
        let mut choices = vec![self.choices(&placed)];
        let mut taken = 0;
        while let (Some(open), Some(state)) = (choices.last_mut(), states.last()) {
            let Some(next) = open.pop() else {
                choices.pop();
                states.pop();
                if let Some(back) = path.pop() {
                    placed.remove(back);
                    done -= usize::from(self.calls[back].is_done());
                }
                continue;
            };
            taken += 1;
            if taken > steps {
                let (calls, open) = (self.calls.len(), self.calls.len() - required);
                return Err(NotLinearizable::Undecided { steps, calls, open });
            }
            let call = self.calls[next];
            let mut after = state.clone();
            let out = self.model.apply(&mut after, &call.op);
            let fits = match &call.outcome {
                Outcome::Done(seen) => *seen == out,
                // One without an effect explains nothing.
                _ => after != *state,
            };
            if !fits {
                continue;
            }
            placed.insert(next);
            if !seen.insert((placed.clone(), after.clone())) {
                placed.remove(next);
                continue;
            }
            path.push(next);
            states.push(after);
            done += usize::from(call.is_done());
            if done == required {
                return Ok(());
            }
            if done > best.0 {
                best = (done, path.clone());
            }
            choices.push(self.choices(&placed));
        }
        Err(NotLinearizable::Violation(self.violation(key, required, &best.1)))
    }

    /// What may come next: what began before the first end of those that are missing. The last is to be tried first.
    fn choices(&self, placed: &Set) -> Vec<usize> {
        let (mut limit, mut choices) = (u64::MAX, Vec::<usize>::new());
        for next in placed.missing() {
            let call = self.calls[next];
            if call.began.order > limit {
                break;
            }
            // Of equal calls that may come at any time the first will do.
            let twin = |earlier: &usize| !self.calls[*earlier].is_done() && self.calls[*earlier].op == call.op;
            if call.is_done() {
                limit = limit.min(call.must_end());
            } else if choices.iter().any(twin) {
                continue;
            }
            choices.push(next);
        }
        choices.sort_by_key(|next| Reverse((self.calls[*next].must_end(), *next)));
        choices
    }

    fn violation(&self, key: Option<u64>, required: usize, path: &[usize]) -> Violation {
        let (mut placed, mut state) = (Set::new(self.calls.len()), self.model.start());
        let mut story = Violation::new(key, required, format!("{state:?}"));
        for next in path {
            self.model.apply(&mut state, &self.calls[*next].op);
            story.explained(self.calls[*next], &state);
            placed.insert(*next);
        }
        for next in self.choices(&placed) {
            let out = self.model.apply(&mut state.clone(), &self.calls[next].op);
            story.left(self.calls[next], &out);
        }
        story
    }
}

impl<Op, Out> Recorded<Op, Out> {
    fn is_done(&self) -> bool {
        matches!(self.outcome, Outcome::Done(_))
    }

    /// Its place in the order is before this one; one that may have been executed has no such end.
    fn must_end(&self) -> u64 {
        self.ended.filter(|_| self.is_done()).map_or(u64::MAX, |end| end.order)
    }
}

/// A set of calls by their places.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Set {
    words: Box<[u64]>,
    len: usize,
}

impl Set {
    fn new(len: usize) -> Self {
        Self { words: vec![0; len.div_ceil(64)].into(), len }
    }

    fn insert(&mut self, it: usize) {
        self.words[it / 64] |= 1 << (it % 64);
    }

    fn remove(&mut self, it: usize) {
        self.words[it / 64] &= !(1 << (it % 64));
    }

    fn missing(&self) -> impl Iterator<Item = usize> {
        (0..self.len).filter(|it| self.words[it / 64] & 1 << (it % 64) == 0)
    }
}

#[cfg(test)]
#[path = "search_tests.rs"]
mod tests;
