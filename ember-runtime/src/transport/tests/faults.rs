//! Connections that break, stall, or lose one direction.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::Instant;

use super::{fuzz::unread, support::*};
use crate::{
    error::{Failure, LostReason, RefusedReason},
    transport::{LinkConfig, lock, run::watch},
};

async fn memory_pair() -> (Memory, Node, Node) {
    let memory = Memory::default();
    let a = memory.node(key(1, 1), LinkConfig::default()).await;
    let b = memory.node(key(2, 1), LinkConfig::default()).await;
    a.ready(&b).await;
    both_up(&a, &b).await;
    (memory, a, b)
}

#[tokio::test]
async fn calls_in_flight_at_a_cut_get_definite_outcomes() {
    let (memory, a, b) = memory_pair().await;
    let sent: Vec<_> = (0..100).map(|_| a.start(&b, HOLD, b"x")).collect();
    until("the calls to arrive", || lock(&b.services.held).len() == 100).await;
    let [gate, _] = memory.gates(0);
    gate.cut();
    // The runtime has one thread: the writer has not run since, so these never left.
    let kept: Vec<_> = (0..10).map(|_| a.start(&b, HOLD, b"y")).collect();
    for answer in soon("the outcomes", join_all(sent)).await {
        assert!(matches!(failure(answer), Failure::MaybeExecuted(LostReason::LinkLost(_))));
    }
    for answer in soon("the outcomes", join_all(kept)).await {
        // Whether the writer or the reader runs first after the cut is not for this test to say.
        let failure = failure(answer);
        let definite = matches!(
            failure,
            Failure::NotExecuted(RefusedReason::Unreachable(_)) | Failure::MaybeExecuted(LostReason::LinkLost(_))
        );
        assert!(definite, "{failure:?}");
    }
    assert!(!a.links.is_up(b.peer.key));
    assert_eq!(a.links.in_flight(b.peer.key), 0);
    until("the other end to notice", || b.services.events().len() == 2).await;
    assert!(lock(&b.services.held).iter().all(|call| call.reply.is_unwanted()));
    b.services.answer_held();
    a.ready(&b).await;
    assert_eq!(value(a.call(&b, ECHO, b"again").await), b"again"[..]);
}

#[tokio::test]
async fn a_call_that_never_left_was_certainly_not_executed() {
    let (_memory, a, b) = memory_pair().await;
    let call = a.start(&b, ECHO, b"x");
    // On this thread nothing has run since: the call is still in the buffer.
    a.links.forget(b.peer.key);
    let failure = failure(soon("the outcome", call).await);
    assert!(matches!(failure, Failure::NotExecuted(RefusedReason::Unreachable(_))), "{failure:?}");
}

#[tokio::test(start_paused = true)]
async fn a_failed_heartbeat_answers_all_callers_though_the_task_that_reads_is_held_up() {
    let session = unread();
    let (part, call, _) = session.callers.insert(0, None).unwrap();
    let why = watch(session.clone()).await;
    assert!(why.contains("nothing was heard"), "{why}");
    let answer = std::future::poll_fn(|cx| lock(&part.pending).poll(call, cx));
    assert!(matches!(failure(answer.await), Failure::MaybeExecuted(LostReason::LinkLost(_))));
}

#[tokio::test(start_paused = true)]
async fn a_black_hole_is_found_by_the_heartbeat() {
    let (memory, a, b) = memory_pair().await;
    let call = a.start(&b, HOLD, b"x");
    until("the call to arrive", || lock(&b.services.held).len() == 1).await;
    for gate in memory.gates(0) {
        gate.stall();
    }
    let start = Instant::now();
    let failure = failure(soon("the outcome", call).await);
    assert!(matches!(failure, Failure::MaybeExecuted(LostReason::LinkLost(_))), "{failure:?}");
    let took = start.elapsed();
    assert!(took > Duration::from_millis(900) && took < Duration::from_millis(2200), "{took:?}");
    until("both ends to be down", || a.services.events().len() == 2 && b.services.events().len() == 2).await;
    assert!(a.services.events()[1].contains("nothing was heard"), "{:?}", a.services.events());
    until("the sockets to close", || a.links.sockets.count() + b.links.sockets.count() == 0).await;
}

#[tokio::test(start_paused = true)]
async fn the_loss_of_one_direction_ends_the_link_at_both_ends() {
    for deaf in [0, 1] {
        let (memory, a, b) = memory_pair().await;
        memory.gates(0)[deaf].stall();
        let start = Instant::now();
        until("both ends to be down", || a.services.events().len() == 2 && b.services.events().len() == 2).await;
        assert!(start.elapsed() < Duration::from_millis(2200), "{:?}", start.elapsed());
        a.ready(&b).await;
        both_up(&a, &b).await;
        assert_eq!(value(a.call(&b, ECHO, b"again").await), b"again"[..]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_large_message_on_a_slow_connection_is_a_sign_of_life() {
    let (memory, a, b) = memory_pair().await;
    let [_, gate] = memory.gates(0);
    gate.meter();
    let start = Instant::now();
    let mut call = std::pin::pin!(a.start(&b, ECHO, &vec![7; 2 << 20]));
    let answer = loop {
        gate.allow(20_000);
        tokio::select! {
            answer = &mut call => break answer,
            // tidy: sleep: the pace of a slow connection, on a paused clock
            () = tokio::time::sleep(Duration::from_millis(100)) => {}
        }
        assert!(start.elapsed().as_secs() < 60, "waited a minute for an answer");
    };
    assert_eq!(value(answer).len(), 2 << 20);
    assert!(start.elapsed() > Duration::from_secs(5), "the connection was not slow: {:?}", start.elapsed());
    assert_eq!(a.services.events().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_quiet_link_stays_up() {
    let (memory, a, b) = memory_pair().await;
    // tidy: sleep: an hour in which nothing happens, on a paused clock
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert!(a.links.is_up(b.peer.key) && b.links.is_up(a.peer.key));
    assert_eq!((memory.connections(), a.services.events().len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn failed_dials_back_off_up_to_two_seconds() {
    let memory = Memory::default();
    let a = memory.node(key(1, 1), LinkConfig::default()).await;
    let nobody = peer(key(9, 1), "node-9:1".parse().unwrap());
    let mut dials = 0;
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(60) {
        let refused = soon("a refusal", a.links.ready(&nobody)).await.unwrap_err();
        assert!(matches!(&refused, RefusedReason::Unreachable(why) if why.contains("node-9:1")), "{refused}");
        dials += 1;
    }
    assert!((30..200).contains(&dials), "{dials} dials in a minute");
}

#[tokio::test(start_paused = true)]
async fn a_node_that_accepts_and_says_nothing_is_given_up() {
    let memory = Memory::default();
    let a = memory.node(key(1, 1), LinkConfig::default()).await;
    let endpoint = "node-9:1".parse().unwrap();
    let _listener = crate::net::Network::bind(&memory, &endpoint).await.unwrap();
    let mute = peer(key(9, 1), endpoint);
    let refused = soon("a refusal", a.links.ready(&mute)).await.unwrap_err();
    assert!(refused.to_string().contains("no answer to the hello"), "{refused}");
    until("the socket to close", || a.links.sockets.count() == 0).await;
}

#[tokio::test(start_paused = true)]
async fn a_stranger_who_says_nothing_is_cut_off() {
    let memory = Memory::default();
    let a = memory.node(key(1, 1), LinkConfig::default()).await;
    let stranger = crate::net::Network::connect(&memory, &a.peer.endpoint).await.unwrap();
    until("the connection to be accepted", || a.links.sockets.count() == 1).await;
    until("the connection to be closed", || a.links.sockets.count() == 0).await;
    drop(stranger);
}
