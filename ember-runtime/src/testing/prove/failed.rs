//! A failure, told.

use std::{error, fmt};

use super::plan::{Faults, Scenario};
use crate::testing::Trace;

/// What is wrong with a run.
#[derive(Debug, Clone)]
pub(super) struct Failure {
    pub(super) kind: Kind,
    pub(super) what: String,
}

/// A smaller run fails in the same way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Panicked,
    Late,
    NotLinearizable,
    Undecided,
    Invariant,
    /// A caller was told what is not so.
    Counted,
    /// A master acted, or was believed, in an epoch that is not its own.
    Masters,
    NotStarted,
    NotConverged,
    NotServed,
    /// A replicated group is not whole again.
    NotInSync,
    /// No call was ever answered.
    Idle,
}

impl Failure {
    pub(super) fn new(kind: Kind, what: String) -> Self {
        Self { kind, what }
    }
}

/// A run that failed, made as small as it would go. `Display` says what is wrong, what the run needs for it, and how to have it again.
#[derive(Clone)]
pub struct Failed {
    pub(super) failure: Failure,
    /// As it was found.
    pub(super) whole: Scenario,
    pub(super) small: Scenario,
    /// The seeds that passed before.
    pub(super) passed: u64,
    /// The runs for making it smaller.
    pub(super) runs: usize,
    pub(super) trace: Option<Trace>,
    /// Whether the same run has the same trace.
    pub(super) repeats: bool,
}

impl Failed {
    /// The run, for `EMBER_PROVE` and [`Prove::replay`](super::Prove::replay).
    pub fn replay(&self) -> String {
        self.small.to_string()
    }

    /// The faults that are left.
    pub fn faults(&self) -> &Faults {
        &self.small.faults
    }

    /// The seed.
    pub fn seed(&self) -> u64 {
        self.small.seed
    }

    /// What happened in the run; `None` if it panicked.
    pub fn trace(&self) -> Option<&Trace> {
        self.trace.as_ref()
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { failure, whole, small, passed, runs, trace, repeats } = self;
        writeln!(f, "seed {} failed, after {passed} that passed. {}", small.seed, failure.what.trim_end())?;
        writeln!(f)?;
        let count = |faults: &Faults| faults.list().len();
        writeln!(
            f,
            "It needs {} of {} faults, {} of {} users, {} of {} turns each ({runs} runs tried):",
            count(&small.faults),
            count(&whole.faults),
            small.clients,
            whole.clients,
            small.calls,
            whole.calls
        )?;
        for it in small.faults.list() {
            writeln!(f, "  from {:?} after the start, for {:?}: {}", it.at, it.lasts, it.fault)?;
        }
        let test = std::thread::current().name().filter(|name| *name != "main").map(|name| format!(" {name}"));
        writeln!(f, "To have this run again:")?;
        writeln!(f, "  EMBER_PROVE='{small}' cargo test{}", test.unwrap_or_default())?;
        if let Some(trace) = trace {
            let same = if *repeats {
                "the same in two runs"
            } else {
                "and another in a second run: the code under test takes time, chance or order from outside (see `Trace`)"
            };
            writeln!(f, "Its trace has the digest {:016x}, {same}. The last that happened:", trace.digest())?;
            f.write_str(&trace.tail())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl error::Error for Failed {}
