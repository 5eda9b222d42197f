//! Concurrent services: several handlers at once share one state.

#![allow(missing_docs, missing_debug_implementations, unreachable_pub, reason = "a program of its own")]
// tidy: virtual time

mod edges;
mod ends;
mod hall;
mod order;
mod vain;

use std::{
    sync::{Arc, atomic::Ordering::SeqCst},
    time::Duration,
};

use ember::{CallError, Instance, RefusedReason, prelude::*, serde_json::json};
use ember_tests::{
    cluster::{Cluster, refused, sees},
    wait::within,
};
use hall::{Hall, HallClient, Lungs, LungsClient, Rang, RoomsClient, Seen};
use tokio::{task::JoinSet, time::Instant};

async fn start(seen: &Seen) -> (Node, HallClient) {
    let node = Node::builder().seed(1).service(Hall::new(seen)).start().await.unwrap();
    let client = node.client::<HallClient>();
    (node, client)
}

fn instance<C: ember::Client>(node: &Node) -> Arc<Instance> {
    node.select::<C>().instances().into_iter().next().expect("the service")
}

#[tokio::test(start_paused = true)]
async fn so_many_handlers_run_at_once_and_no_more_and_the_rest_waits() {
    let seen = Seen::default();
    let (node, client) = start(&seen).await;
    let pid = instance::<HallClient>(&node).pid();
    let began = Instant::now();
    let mut calls = JoinSet::new();
    for _ in 0..20 {
        let client = client.clone();
        calls.spawn(async move { client.rpc_work(10).await.unwrap() });
    }
    tokio::time::sleep(Duration::from_millis(5)).await;
    let counts = node.workers(pid).unwrap();
    assert_eq!((counts.least, counts.most, counts.now, counts.busy), (4, 4, 4, 4));
    assert_eq!((counts.waiting, counts.queued, counts.oldest), (16, 16, Some(Duration::from_millis(5))));
    let mut numbers = calls.join_all().await;
    numbers.sort_unstable();
    assert_eq!(numbers, (0..20).collect::<Vec<_>>(), "one state");
    assert_eq!((seen.most(), began.elapsed().as_millis()), (4, 50));
    let counts = node.workers(pid).unwrap();
    assert_eq!((counts.busy, counts.waiting, counts.oldest), (0, 0, None));
    let counts = node.call_counts(pid).unwrap();
    assert_eq!(counts.short + counts.queued, 20);
    node.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn handlers_that_compute_run_on_several_threads() {
    let seen = Seen::default();
    let node = Node::builder().service(Lungs { seen }).start().await.unwrap();
    let calls: JoinSet<_> = (0..2)
        .map(|_| {
            let client = node.client::<LungsClient>();
            async move { client.rpc_meet().await.unwrap() }
        })
        .collect();
    assert_eq!(calls.join_all().await, [true, true], "they have met");
    node.shutdown().await.unwrap();
}

#[tokio::test]
async fn every_way_to_it_leads_to_its_workers_and_timers_and_events_too() {
    let (cluster, seen) = (Cluster::default(), Seen::default());
    let here = cluster.node("here").service(Hall::new(&seen)).start().await.unwrap();
    let there = cluster.node("there").start().await.unwrap();
    sees(&there, "Hall", 1).await;
    for node in [&here, &there] {
        assert_eq!(node.client::<HallClient>().rpc_move(1, 11, 0).await, Ok(11));
        assert_eq!(node.client::<RoomsClient>().rpc_enter(1, 12).await, Ok(12));
        assert_eq!(node.call("Hall", "Rooms.rpc_enter", json!([1, 13])).await.unwrap(), json!(13));
        assert!(node.client::<HallClient>().desk().rpc_ask().await.unwrap() >= 100, "its module has begun");
        assert_eq!(node.client::<HallClient>().rpc_later().await.unwrap().0, 9);
    }
    assert_eq!(here.local::<Hall>().rpc_move(1, 14, 0).await, Ok(14));
    assert_eq!(seen.order()[&1], [11, 12, 13, 11, 12, 13, 14]);
    // Two events, which wait beside each other, and calls beside them.
    here.publish(Rang);
    here.publish(Rang);
    for _ in 0..2 {
        seen.gate.reached().await;
    }
    assert_eq!((seen.most(), there.client::<HallClient>().rpc_count().await.is_ok()), (2, true));
    (0..2).for_each(|_| seen.gate.open());
    there.shutdown().await.unwrap();
    here.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_timer_is_a_handler_among_others() {
    let seen = Seen::default();
    let (node, client) = start(&seen).await;
    tokio::time::sleep(Duration::from_secs(3601)).await;
    seen.gate.reached().await;
    assert_eq!(client.rpc_count().await.unwrap(), 0);
    assert_eq!(seen.most(), 2);
    seen.gate.open();
    tokio::time::sleep(Duration::from_secs(3600)).await;
    seen.gate.reached().await;
    assert_eq!((seen.ticks.load(SeqCst), seen.most()), (2, 1), "and comes again");
    seen.gate.open();
    node.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_handler_that_waits_keeps_one_worker_and_the_last_is_not_to_be_had() {
    let seen = Seen::default();
    let (node, client) = start(&seen).await;
    let mut waiting = JoinSet::new();
    for _ in 0..3 {
        let client = client.clone();
        waiting.spawn(async move { client.rpc_wait().await });
        seen.gate.reached().await;
        client_is_answered(&node).await;
    }
    waiting.spawn({
        let client = client.clone();
        async move { client.rpc_wait().await }
    });
    seen.gate.reached().await;
    let late = client.rpc_count().timeout(Duration::from_millis(50)).await;
    assert!(matches!(late, Err(CallError::NotExecuted(_) | CallError::MaybeExecuted(_))), "{late:?}");
    seen.gate.open();
    within("one to go", waiting.join_next()).await;
    client_is_answered(&node).await;
    (0..3).for_each(|_| seen.gate.open());
    waiting.join_all().await;
    assert_eq!(client.rpc_count().await, Ok(4), "what had expired was not started");
    node.shutdown().await.unwrap();
}

async fn client_is_answered(node: &Node) {
    within("an answer", node.client::<HallClient>().rpc_count()).await.unwrap();
}

#[tokio::test]
async fn whoever_is_not_waited_for_any_more_is_not_run_or_is_dropped_if_it_says_so() {
    let seen = Seen::default();
    let (node, client) = start(&seen).await;
    let dropped = tokio::spawn({
        let client = client.clone();
        async move { client.rpc_wait_while_wanted().await }
    });
    seen.gate.reached().await;
    dropped.abort();
    let _aborted = dropped.await;
    // Its worker is free again, and all four are.
    let mut waiting = JoinSet::new();
    for _ in 0..4 {
        let client = client.clone();
        waiting.spawn(async move { client.rpc_wait().await });
        seen.gate.reached().await;
    }
    assert_eq!(seen.now(), 4);
    let queued = tokio::spawn({
        let client = client.clone();
        async move { client.rpc_count().await }
    });
    tokio::task::yield_now().await;
    queued.abort();
    let _aborted = queued.await;
    (0..4).for_each(|_| seen.gate.open());
    waiting.join_all().await;
    assert_eq!(client.rpc_count().await, Ok(0));
    node.shutdown().await.unwrap();
}

#[tokio::test]
async fn what_waits_is_bounded_and_a_pause_refuses() {
    let seen = Seen::default();
    let node = Node::builder().service(Hosted::new(Hall::new(&seen)).mailbox(3)).start().await.unwrap();
    let (client, pid) = (node.client::<HallClient>(), instance::<HallClient>(&node).pid());
    for _ in 0..4 {
        client.rpc_wait().send().unwrap();
        seen.gate.reached().await;
    }
    for _ in 0..3 {
        client.rpc_count().send().unwrap();
    }
    assert_eq!(refused(client.rpc_count().await), RefusedReason::MailboxFull { limit: 3 });
    assert_eq!(node.workers(pid).unwrap().waiting, 3);
    (0..4).for_each(|_| seen.gate.open());
    within("what waits to be done", async {
        while node.workers(pid).unwrap().busy > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert!(node.pause(pid));
    assert_eq!(refused(client.rpc_count().await), RefusedReason::Paused);
    assert!(node.resume(pid));
    assert_eq!(client.rpc_count().await, Ok(3));
    node.shutdown().await.unwrap();
}

#[tokio::test]
async fn callbacks_for_which_there_is_no_place_are_told_so() {
    let seen = Seen::default();
    let node = Node::builder().service(Hosted::new(Hall::new(&seen)).mailbox(8)).start().await.unwrap();
    let client = node.client::<HallClient>();
    client.rpc_ask_in_vain(50).await.unwrap();
    within("all callbacks", async {
        while client.rpc_counted().await != Ok(50) {
            tokio::task::yield_now().await;
        }
    })
    .await;
    node.shutdown().await.unwrap();
}

#[tokio::test]
async fn it_may_call_itself_unless_nobody_is_left_who_could_answer() {
    let (cluster, seen) = (Cluster::default(), Seen::default());
    let here = cluster.node("here").service(Hall::new(&seen)).start().await.unwrap();
    let there = cluster.node("there").start().await.unwrap();
    sees(&there, "Hall", 1).await;
    for node in [&here, &there] {
        let client = node.client::<HallClient>();
        assert_eq!(client.rpc_deep(3).await, Ok(3), "four workers");
        let Err(CallError::App(cycle)) = client.rpc_deep(4).await else { panic!("nobody could have answered") };
        assert!(cycle.contains("Hall.rpc_deep → Hall.rpc_deep"), "{cycle}");
        assert_eq!(client.rpc_visit(1, 2).await, Ok(7), "another key");
        let Err(CallError::App(cycle)) = client.rpc_visit(1, 1).await else { panic!("its key waits for it") };
        assert!(cycle.contains("Hall.rpc_visit → Hall.rpc_move"), "{cycle}");
    }
    there.shutdown().await.unwrap();
    here.shutdown().await.unwrap();
}
