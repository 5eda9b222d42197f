//! The end of a node: it begins once, and all who wait for it are told how it went.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use crate::{call::Over, sync::ordered};

/// How it went: what was late, if anything.
pub(super) type Outcome = Result<Option<String>, Over>;

/// The end of a node, yet to come or not.
#[derive(Default)]
pub(super) struct Shutdown {
    begun: AtomicBool,
    outcome: ordered::Sender<Option<Outcome>>,
}

impl Shutdown {
    /// Whether it begins now, and had not before.
    pub(super) fn begins(&self) -> bool {
        !self.begun.swap(true, Ordering::AcqRel)
    }

    /// Waits for its outcome. Cancel safe.
    pub(super) async fn outcome(&self) -> Outcome {
        let outcome = self.outcome.subscribe().wait_for(Option::is_some).await;
        // The sender is `self`.
        outcome.ok().flatten().unwrap_or(Err(Over::Closed))
    }

    /// Says how it went, the first time.
    fn tell(&self, outcome: Outcome) {
        self.outcome.send_if_modified(|told| {
            let first = told.is_none();
            if first {
                *told = Some(outcome);
            }
            first
        });
    }
}

/// Sees to the end of a node. Those who wait are told also when that is cut off.
pub(super) struct Sees(pub(super) Arc<Shutdown>);

impl Sees {
    pub(super) fn tell(&self, outcome: Outcome) {
        self.0.tell(outcome);
    }
}

impl Drop for Sees {
    fn drop(&mut self) {
        // If nothing was told yet, its task was dropped, which only a runtime does that ends.
        self.tell(Err(Over::Runtime));
    }
}
