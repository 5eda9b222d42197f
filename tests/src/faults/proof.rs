//! What callees wrote down, against what callers were told.

use std::{collections::BTreeMap, fs, path::Path};

use super::{Outcome, Record};

/// How often each request was executed, by all counters that wrote in a folder.
#[derive(Debug, Default)]
pub struct Executed(BTreeMap<String, usize>);

impl Executed {
    /// Reads all records in `folder`.
    ///
    /// # Panics
    /// If they cannot be read.
    pub fn read(folder: &Path) -> Self {
        let mut executed = Self::default();
        for file in fs::read_dir(folder).expect("the folder of the records") {
            let path = file.expect("a file").path();
            if path.extension().is_some_and(|extension| extension == "record") {
                for line in fs::read_to_string(path).expect("a record").lines() {
                    *executed.0.entry(line.to_owned()).or_default() += 1;
                }
            }
        }
        executed
    }

    /// How many requests were executed.
    pub fn requests(&self) -> usize {
        self.0.len()
    }

    /// Fails unless each outcome is true: what was done was done once, what was not executed was not, and nothing was
    /// executed twice.
    ///
    /// # Panics
    /// If one is not.
    pub fn expect_truth(&self, calls: &[Record]) {
        for Record { id, outcome, .. } in calls {
            let times = self.0.get(id).copied().unwrap_or_default();
            let truth = match outcome {
                Outcome::Done(_) => times == 1,
                Outcome::NotExecuted(_) => times == 0,
                Outcome::MaybeExecuted(_) | Outcome::Sent | Outcome::Pending => times <= 1,
            };
            assert!(truth, "the call {id} was executed {times} times, and its caller was told: {outcome:?}");
        }
    }
}

/// Fails if a call has no outcome.
///
/// # Panics
/// If one has none.
pub fn expect_definite(calls: &[Record]) {
    let pending = calls.iter().filter(|call| call.outcome == Outcome::Pending).count();
    assert_eq!(pending, 0, "calls without an outcome, of {}", calls.len());
}
