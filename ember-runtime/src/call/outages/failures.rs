//! What is counted of calls: how often which failed and why, for their callers; and the meters of the handlers of this node.

#![cfg_attr(not(feature = "telemetry"), allow(dead_code, reason = "nobody asks for figures"))]

use std::{
    collections::HashMap,
    fmt::Debug,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use arc_swap::ArcSwap;

use crate::{
    error::{CallError, Failure},
    meters::Meters,
};

/// So many kinds of failures are told apart; what is more is counted as one of them, [`OTHER`].
const MOST: usize = 4_096;

/// Stands for the service and the method of a failure that is one kind too many.
const OTHER: &str = "other";

/// What a node counts, if it was told to.
#[derive(Debug, Default)]
pub(crate) struct Measured(Option<Counting>);

#[derive(Debug)]
struct Counting {
    handlers: Arc<Meters>,
    /// Copied where a kind comes that was not there: whoever counts one that was waits for nobody.
    failures: ArcSwap<HashMap<FailedCall, Arc<AtomicU64>>>,
}

/// A kind of failure, of the calls that were made on this node.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct FailedCall {
    /// The service or contract that was called.
    pub(crate) service: String,
    pub(crate) method: String,
    /// Whether it is certain that it was not executed.
    pub(crate) is_certain: bool,
    /// The variant of its reason.
    pub(crate) reason: String,
}

impl Measured {
    pub(crate) fn new(handlers: Option<Arc<Meters>>) -> Self {
        Self(handlers.map(|handlers| Counting { handlers, failures: ArcSwap::default() }))
    }

    /// Those of the handlers, if they are counted.
    pub(crate) fn handlers(&self) -> Option<&Meters> {
        self.0.as_ref().map(|counting| &*counting.handlers)
    }

    /// A call has failed, for its caller.
    #[inline]
    pub(crate) fn failed(&self, service: &str, method: &str, failure: &Failure) {
        if let Some(counting) = &self.0 {
            counting.failed(service, method, failure);
        }
    }

    /// A call has come to this, for its caller.
    pub(crate) fn ended<T, E>(&self, service: &str, method: &str, outcome: &Result<T, CallError<E>>) {
        match outcome {
            Err(CallError::NotExecuted(refused)) => self.failed(service, method, &refused.reason().clone().into()),
            Err(CallError::MaybeExecuted(lost)) => self.failed(service, method, &lost.reason().clone().into()),
            Ok(_) | Err(CallError::App(_)) => {}
        }
    }

    /// How often what failed, in the order of their names.
    pub(crate) fn failures(&self) -> Vec<(FailedCall, u64)> {
        let Some(counting) = &self.0 else { return Vec::new() };
        let count = |(kind, count): (&FailedCall, &Arc<AtomicU64>)| (kind.clone(), count.load(Ordering::Relaxed));
        let mut all: Vec<_> = counting.failures.load().iter().map(count).collect();
        all.sort();
        all
    }
}

impl Counting {
    #[cold]
    fn failed(&self, service: &str, method: &str, failure: &Failure) {
        let (is_certain, reason) = match failure {
            Failure::NotExecuted(reason) => (true, variant(reason)),
            Failure::MaybeExecuted(reason) => (false, variant(reason)),
        };
        let mut kind = FailedCall { service: service.to_owned(), method: method.to_owned(), is_certain, reason };
        if let Some(count) = self.failures.load().get(&kind) {
            count.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let new = Arc::new(AtomicU64::new(0));
        // Tried again, if another thread was faster.
        self.failures.rcu(|known| {
            let mut more = HashMap::clone(known);
            if more.len() >= MOST && !more.contains_key(&kind) {
                (kind.service, kind.method) = (OTHER.to_owned(), OTHER.to_owned());
            }
            more.entry(kind.clone()).or_insert_with(|| Arc::clone(&new));
            more
        });
        if let Some(count) = self.failures.load().get(&kind) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// The name of the variant: what stands before what it holds.
fn variant(reason: &impl Debug) -> String {
    let mut text = format!("{reason:?}");
    let end = text.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(text.len());
    text.truncate(end);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{LostReason, RefusedReason};

    fn counted() -> Measured {
        Measured::new(Some(Arc::default()))
    }

    #[test]
    fn each_kind_of_failure_has_its_count() {
        let measured = counted();
        let full = Failure::from(RefusedReason::MailboxFull { limit: 7 });
        measured.failed("bank", "rpc_charge", &full);
        measured.failed("bank", "rpc_charge", &RefusedReason::MailboxFull { limit: 9 }.into());
        measured.failed("bank", "rpc_charge", &LostReason::Deadline.into());
        measured.failed("shop", "rpc_charge", &full);
        let seen: Vec<_> = measured
            .failures()
            .into_iter()
            .map(|(kind, count)| (kind.service, kind.is_certain, kind.reason, count))
            .collect();
        let said =
            |service: &str, certain, reason: &str, count| (service.to_owned(), certain, reason.to_owned(), count);
        let wanted = [
            said("bank", false, "Deadline", 1),
            said("bank", true, "MailboxFull", 2),
            said("shop", true, "MailboxFull", 1),
        ];
        assert_eq!(seen, wanted);
    }

    #[test]
    fn a_flood_of_names_is_counted_and_not_kept() {
        let measured = counted();
        for number in 0..MOST + 10 {
            measured.failed("bank", &format!("rpc_{number}"), &RefusedReason::UnknownMethod.into());
        }
        let all = measured.failures();
        assert_eq!(all.len(), MOST + 1);
        assert!(all.iter().any(|(kind, count)| kind.service == OTHER && *count == 10));
        assert_eq!(all.iter().map(|(_, count)| count).sum::<u64>(), MOST as u64 + 10);
    }

    #[test]
    fn threads_that_fail_at_once_lose_no_failure() {
        let measured = counted();
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let measured = &measured;
                scope.spawn(move || {
                    for number in 0..100 {
                        measured.failed("bank", &format!("rpc_{}", number % (thread + 2)), &LostReason::NoReply.into());
                    }
                });
            }
        });
        assert_eq!(measured.failures().iter().map(|(_, count)| count).sum::<u64>(), 400);
    }

    #[test]
    fn a_node_that_was_not_told_to_counts_nothing() {
        let measured = Measured::default();
        measured.failed("bank", "rpc_charge", &LostReason::Deadline.into());
        assert!(measured.failures().is_empty() && measured.handlers().is_none());
    }
}
