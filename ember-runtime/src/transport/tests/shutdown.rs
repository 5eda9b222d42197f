//! Planned ends.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::Instant;

use super::support::*;
use crate::{
    error::{Failure, RefusedReason},
    sync::lock,
    transport::protocol::LinkConfig,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shutdown_delivers_the_replies_that_are_written() {
    for round in 0..20 {
        let (a, b) = tcp_pair(LinkConfig::default()).await;
        let calls: Vec<_> = (0..200).map(|_| a.start(&b, HOLD, &[3; 5_000])).collect();
        until("the calls to arrive", || lock(&b.services.held).len() == 200).await;
        b.services.answer_held();
        soon("the shutdown", b.links.shutdown(Duration::from_secs(10))).await;
        for answer in soon("the answers", join_all(calls)).await {
            assert_eq!(value(answer).len(), 5_000, "round {round}");
        }
        until("the link to be down", || a.services.events().len() == 2).await;
        assert!(a.services.events()[1].contains("shutting down"), "{:?}", a.services.events());
        assert_eq!(soon("a refusal", b.links.ready(&a.peer)).await, Err(RefusedReason::NodeClosed));
        until("all connections to close", || a.links.sockets.count() + b.links.sockets.count() == 0).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_ends_may_shut_down_at_once() {
    let (a, b) = tcp_pair(LinkConfig::default()).await;
    let start = Instant::now();
    soon("both shutdowns", async {
        tokio::join!(a.links.shutdown(Duration::from_secs(15)), b.links.shutdown(Duration::from_secs(15)))
    })
    .await;
    assert!(start.elapsed() < Duration::from_secs(10), "they waited for each other: {:?}", start.elapsed());
    assert_eq!((a.services.events().len(), b.services.events().len()), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn shutdown_ends_with_its_budget_whatever_is_open() {
    let memory = Memory::default();
    let a = memory.node(key(1, 1), LinkConfig::default()).await;
    let b = memory.node(key(2, 1), LinkConfig::default()).await;
    a.ready(&b).await;
    let call = a.start(&b, HOLD, b"x");
    until("the call to arrive", || lock(&b.services.held).len() == 1).await;
    let start = Instant::now();
    b.links.shutdown(Duration::from_secs(3)).await;
    assert_eq!(start.elapsed().as_secs(), 3);
    let failure = failure(soon("the outcome", call).await);
    assert!(matches!(failure, Failure::MaybeExecuted(_)), "{failure:?}");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_crosses_with_the_goodbye_is_refused_as_retiring() {
    let memory = Memory::default();
    let a = memory.node(key(1, 1), LinkConfig::default()).await;
    let b = memory.node(key(2, 1), LinkConfig::default()).await;
    a.ready(&b).await;
    both_up(&a, &b).await;
    b.links.session(a.peer.key).unwrap().finish("a test");
    let answer = a.call(&b, ECHO, b"x").await;
    assert_eq!(failure(answer), RefusedReason::Retiring.into());
    until("the link to end", || a.services.events().len() == 2 && b.services.events().len() == 2).await;
}

#[tokio::test]
async fn a_dropped_node_leaves_no_task_and_no_connection() {
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    let (a, b) = tcp_pair(LinkConfig::default()).await;
    let call = a.start(&b, HOLD, b"x");
    until("the call to arrive", || lock(&b.services.held).len() == 1).await;
    let (links, other) = (std::sync::Arc::downgrade(&a.links), std::sync::Arc::downgrade(&b.links));
    drop(b);
    failure(soon("the outcome", call).await);
    drop(a);
    until("all tasks to end", || tasks() == before).await;
    assert!(links.upgrade().is_none() && other.upgrade().is_none());
}

/// A machine's wall clock was set back between the two runs.
#[tokio::test(start_paused = true)]
async fn a_run_with_a_lower_number_is_reached_when_the_higher_one_is_no_member_any_more() {
    let memory = Memory::default();
    let a = memory.node(key(1, 1), LinkConfig::default()).await;
    let newer = memory.node(key(2, 9), LinkConfig::default()).await;
    a.ready(&newer).await;
    both_up(&a, &newer).await;
    newer.links.close("killed");
    until("the link to be down", || !a.links.is_up(newer.peer.key)).await;
    let older = memory.node(key(2, 5), LinkConfig::default()).await;
    assert!(matches!(a.links.ready(&older.peer).await, Err(RefusedReason::Unreachable(_))));
    lock(&a.services.newest).insert(newer.peer.key.id, older.peer.key.incarnation);
    a.links.forget(newer.peer.key);
    a.ready(&older).await;
    both_up(&a, &older).await;
}

#[tokio::test(start_paused = true)]
async fn a_node_that_has_left_is_forgotten_when_its_link_has_ended() {
    let memory = Memory::default();
    let a = memory.node(key(1, 1), LinkConfig::default()).await;
    let b = memory.node(key(2, 1), LinkConfig::default()).await;
    a.ready(&b).await;
    both_up(&a, &b).await;
    let call = a.start(&b, HOLD, b"x");
    until("the call to arrive", || lock(&b.services.held).len() == 1).await;
    let links = b.links.clone();
    let shutdown = tokio::spawn(async move { links.shutdown(Duration::from_secs(10)).await });
    until("the goodbye", || !a.links.is_up(b.peer.key)).await;
    // The membership knows first; the link still brings what is on its way.
    lock(&a.services.unlisted).insert(b.peer.key.id);
    a.links.forget(b.peer.key);
    assert_eq!(lock(&a.links.table).peers.len(), 1);
    b.services.answer_held();
    assert_eq!(value(soon("the answer", call).await), b"x"[..]);
    soon("the shutdown", shutdown).await.unwrap();
    until("the link to be down", || a.services.events().len() == 2).await;
    until("the entry to be given back", || lock(&a.links.table).peers.is_empty()).await;
}
