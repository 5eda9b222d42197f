//! What every registry must do, as tests against the trait: run against the in-process, the embedded and a real etcd.
//! Knows nothing of any of them. Not for users.
//!
//! Panics with what was expected. No time is asserted more tightly than a loaded machine could keep, and leases live
//! for whole seconds, at least two, because etcd counts so. The registry may hold other keys; those written stay below
//! `conformance/`.

mod keys;
mod leases;
mod suite;
mod transactions;
mod watches;

use std::sync::Arc;

pub use self::suite::Compact;
use self::suite::Suite;
use super::Session;

/// Runs the whole suite; about 15 s of the registry's time, most of it spent waiting for leases to expire.
///
/// # Panics
/// At the first thing that the registry does wrong. `name` is in every message.
pub async fn run(name: &str, session: Arc<dyn Session>, compact: &Compact) {
    let suite = Suite { name: name.into(), session };
    keys::run(&suite).await;
    transactions::run(&suite).await;
    watches::run(&suite, compact).await;
    leases::run(&suite).await;
}
