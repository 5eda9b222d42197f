//! How calls ended, counted; and what must not happen.

use std::{
    collections::BTreeMap,
    fmt::Debug,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use ember::{CallError, LostReason, RefusedReason};

/// Clones are the same tally.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally(Arc<Mutex<Counts>>);

#[derive(Debug, Default)]
struct Counts {
    by_outcome: BTreeMap<String, u64>,
    /// The first few that must not be.
    wrong: Vec<String>,
}

impl Tally {
    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One more.
    pub(crate) fn count(&self, outcome: &str) {
        self.add(outcome, 1);
    }

    /// So many more.
    pub(crate) fn add(&self, outcome: &str, more: usize) {
        let (mut counts, more) = (self.lock(), u64::try_from(more).unwrap_or(u64::MAX));
        match counts.by_outcome.get_mut(outcome) {
            Some(count) => *count += more,
            None => drop(counts.by_outcome.insert(outcome.to_owned(), more)),
        }
    }

    /// Something that must not be.
    pub(crate) fn wrong(&self, what: String) {
        let mut counts = self.lock();
        if counts.wrong.len() < 20 {
            counts.wrong.push(what);
        }
    }

    /// Counts an outcome, and notes it as wrong if it is none of those that churn explains.
    pub(crate) fn outcome<T, E: Debug>(
        &self,
        what: &str,
        outcome: Result<T, CallError<E>>,
        right: impl FnOnce(&T) -> bool,
    ) {
        match outcome {
            Ok(value) => {
                self.count("done");
                if !right(&value) {
                    self.wrong(format!("`{what}` had another call's answer"));
                }
            }
            Err(CallError::App(_)) => self.count("error of the application"),
            Err(CallError::NotExecuted(refused)) => {
                self.count(&format!("not executed: {}", variant(refused.reason())));
                self.refused(what, refused.reason());
            }
            Err(CallError::MaybeExecuted(lost)) => {
                self.count(&format!("maybe executed: {}", variant(lost.reason())));
                if matches!(lost.reason(), LostReason::Undecodable(_) | LostReason::ReplyTooLarge { .. }) {
                    self.wrong(format!("`{what}`: {lost}"));
                }
            }
        }
    }

    /// Notes a refusal that churn does not explain.
    pub(crate) fn refused(&self, what: &str, reason: &RefusedReason) {
        let explained = matches!(
            reason,
            RefusedReason::NoTarget(_)
                | RefusedReason::MailboxFull { .. }
                | RefusedReason::LinkFull { .. }
                | RefusedReason::Paused
                | RefusedReason::Retiring
                | RefusedReason::Stopped
                | RefusedReason::Cycle(_)
                | RefusedReason::Expired
                | RefusedReason::ModuleBusy(_)
                | RefusedReason::TooLarge { .. }
                | RefusedReason::Unreachable(_)
                | RefusedReason::Starting
                | RefusedReason::Behind
                | RefusedReason::TooFewInSync { .. }
                | RefusedReason::LogFull { .. }
                | RefusedReason::NodeClosed
                | RefusedReason::NoModule { .. }
                | RefusedReason::BreakerOpen(_)
        );
        if !explained {
            self.wrong(format!("`{what}`: {reason}"));
        }
    }

    /// How many calls, and other things, had which outcome.
    pub(crate) fn counts(&self) -> BTreeMap<String, u64> {
        self.lock().by_outcome.clone()
    }

    /// What must not be.
    pub(crate) fn mistakes(&self) -> Vec<String> {
        self.lock().wrong.clone()
    }
}

/// The name of a variant, without what is in it.
fn variant(reason: &impl Debug) -> String {
    let text = format!("{reason:?}");
    text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_owned()
}
