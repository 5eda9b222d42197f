//! What handlers of a replicated service do wrong.

use super::*;
use ember::{CallError, LostReason};

#[test]
fn what_was_committed_before_a_panic_is_made_and_the_state_outlives_the_restart() {
    cluster(31).run(async move |sim| {
        assert_eq!(pay(&sim, 1, 1).await, 1);
        let outcome =
            sim.on("caller", |node| async move { node.client::<LedgerClient>().rpc_panic_between(1).await }).await;
        let Err(CallError::MaybeExecuted(lost)) = outcome.unwrap() else { panic!("it panicked") };
        assert!(
            matches!(lost.reason(), LostReason::Panicked(text) if text.contains("between two commits")),
            "{lost:?}"
        );
        assert_eq!(pay(&sim, 1, 1).await, 3);
        in_sync(&sim, 1, 3).await;
    });
}

#[test]
fn an_entry_that_breaks_the_state_is_not_shipped_and_another_takes_over() {
    cluster(32).run(async move |sim| {
        assert_eq!(pay(&sim, 1, 1).await, 1);
        in_sync(&sim, 1, 1).await;
        let first = master(&sim, None).await;
        let outcome = sim.on("caller", |node| async move { node.client::<LedgerClient>().rpc_break().await }).await;
        let Err(CallError::MaybeExecuted(lost)) = outcome.unwrap() else { panic!("it panicked") };
        assert!(matches!(lost.reason(), LostReason::Panicked(_)), "{lost:?}");
        assert_eq!(pay(&sim, 1, 1).await, 2);
        assert_ne!(master(&sim, Some(&first)).await, first);
        in_sync(&sim, 1, 2).await;
    });
}

#[test]
fn a_method_that_is_marked_read_commits_nothing() {
    cluster(33).run(async move |sim| {
        assert_eq!(pay(&sim, 1, 1).await, 1);
        let outcome =
            sim.on("caller", |node| async move { node.client::<LedgerClient>().rpc_commit_in_a_read().await }).await;
        let Err(CallError::MaybeExecuted(lost)) = outcome.unwrap() else { panic!("it panicked") };
        assert!(lost.to_string().contains("commits nothing"), "{lost}");
        assert_eq!(pay(&sim, 1, 1).await, 2);
    });
}

#[test]
fn an_entry_that_breaks_the_state_of_a_master_alone_leaves_it_what_was_before() {
    Cluster::seed(34).node("caller", |node| node.service(Ledger::default())).run(async move |sim| {
        for paid in 1..=20 {
            assert_eq!(pay(&sim, 1, 1).await, paid);
        }
        for paid in 21..=23 {
            let outcome = sim.on("caller", |node| async move { node.client::<LedgerClient>().rpc_break().await }).await;
            let Err(CallError::MaybeExecuted(lost)) = outcome.unwrap() else { panic!("it panicked") };
            assert!(matches!(lost.reason(), LostReason::Panicked(_)), "{lost:?}");
            assert_eq!(pay(&sim, 1, 1).await, paid);
        }
        // It has been the master all the time.
        in_sync_at(&sim, "caller", MASTERS, 1).await;
    });
}
