//! Sizes, bounds and credit.

use std::sync::atomic::Ordering;

use futures_util::{FutureExt, future::join_all};

use super::support::*;
use crate::{
    error::{Failure, LostReason, RefusedReason},
    sync::lock,
    transport::protocol::LinkConfig,
};

fn small() -> LinkConfig {
    LinkConfig { max_message: 100_000, out_buffer: 200_000, credit: 300_000, ..LinkConfig::default() }
}

#[tokio::test]
async fn what_is_too_large_is_refused_in_both_directions_and_the_link_lives() {
    let (a, b) = tcp_pair(small()).await;
    let refused = a.submit(&b.peer, ECHO, &vec![0; 100_000]).unwrap_err();
    assert!(matches!(refused, RefusedReason::TooLarge { size: 100_001.., limit: 100_000 }), "{refused}");
    let lost = failure(a.call(&b, LARGE, &100_000_u32.to_le_bytes()).await);
    assert!(matches!(lost, Failure::MaybeExecuted(LostReason::ReplyTooLarge { limit: 100_000, .. })), "{lost:?}");
    assert_eq!(value(a.call(&b, LARGE, &99_900_u32.to_le_bytes()).await).len(), 99_900);
    assert_eq!(value(a.call(&b, ECHO, &vec![7; 99_900]).await).len(), 99_900);
    assert_eq!((a.services.events().len(), a.links.in_flight(b.peer.key)), (1, 0));
}

#[tokio::test]
async fn the_smaller_limit_of_the_two_nodes_counts() {
    let a = Node::tcp(key(1, 1), LinkConfig::default()).await;
    let b = Node::tcp(key(2, 1), small()).await;
    a.ready(&b).await;
    both_up(&a, &b).await;
    assert!(matches!(a.submit(&b.peer, ECHO, &vec![0; 100_000]), Err(RefusedReason::TooLarge { limit: 100_000, .. })));
    assert_eq!(value(a.call(&b, ECHO, b"fine").await), b"fine"[..]);
}

#[tokio::test]
async fn without_credit_calls_wait_until_the_buffer_is_full_and_credit_comes_back() {
    let (a, b) = tcp_pair(small()).await;
    let payload = vec![1; 10_000];
    let mut calls = Vec::new();
    // The receiver holds on to 300 kB and a bit; 200 kB wait here.
    let refused = loop {
        match a.submit(&b.peer, HOLD, &payload) {
            Ok(call) => calls.push(call.unwrap()),
            Err(refused) if lock(&b.services.held).len() >= 30 => break refused,
            Err(_) => tokio::task::yield_now().await,
        }
        assert!(calls.len() < 60, "no bound was met");
    };
    assert_eq!(refused, RefusedReason::LinkFull { limit: 200_000 });
    assert_eq!(calls.len(), 49);
    // Replies need no credit, and neither do calls in the other direction.
    assert_eq!(value(b.call(&a, ECHO, b"back").await), b"back"[..]);
    assert_eq!(lock(&b.services.held).len(), 30, "more calls came than there was credit for");
    until("all calls to be answered", || {
        b.services.answer_held_with(10);
        a.links.in_flight(b.peer.key) == 0
    })
    .await;
    for answer in join_all(calls).now_or_never().expect("all are answered") {
        assert_eq!(value(answer).len(), 10);
    }
    assert_eq!(b.links.session(a.peer.key).unwrap().held(), 0);
    assert_eq!(value(a.call(&b, ECHO, &payload).await).len(), 10_000);
}

#[tokio::test]
async fn a_call_cancelled_before_it_left_is_cancelled_when_it_arrives() {
    let (a, b) = tcp_pair(small()).await;
    let calls: Vec<_> = (0..40).map_while(|_| a.submit(&b.peer, HOLD, &[1; 4_000]).unwrap()).collect();
    drop(calls);
    until("all calls and their cancels to arrive", || {
        let held = lock(&b.services.held);
        held.len() == 40 && held.iter().all(|call| call.reply.is_unwanted())
    })
    .await;
    assert_eq!(a.links.in_flight(b.peer.key), 0);
}

#[tokio::test]
async fn replies_that_a_peer_does_not_read_are_bounded() {
    let memory = Memory::default();
    let config = LinkConfig { heartbeat: std::time::Duration::from_secs(600), ..small() };
    let a = memory.node(key(1, 1), config.clone()).await;
    let b = memory.node(key(2, 1), config).await;
    a.ready(&b).await;
    both_up(&a, &b).await;
    let calls: Vec<_> = (0..200).map(|_| a.start(&b, HOLD, &50_000_u32.to_le_bytes())).collect();
    until("the calls to arrive", || lock(&b.services.held).len() == 200).await;
    memory.gates(0)[0].stall();
    let session = b.links.session(a.peer.key).unwrap();
    for call in std::mem::take(&mut *lock(&b.services.held)) {
        call.reply.send(crate::message::ReplyBody::Value(&mut |out| {
            out.resize(out.len() + 50_000, 7);
            Ok(())
        }));
        assert!(lock(&session.outbox).replies.waiting() <= 4 * 200_000 + 200 * 100, "the replies are not bounded");
    }
    memory.gates(0)[0].open();
    let (mut came, mut lost) = (0, 0);
    for answer in soon("the outcomes", join_all(calls)).await {
        match answer {
            crate::transport::protocol::RawAnswer::Value(value) => {
                assert_eq!(value.len(), 50_000);
                came += 1;
            }
            other => {
                let failure = failure(other);
                assert!(matches!(failure, Failure::MaybeExecuted(LostReason::LinkLost(_))), "{failure:?}");
                lost += 1;
            }
        }
    }
    assert!(came > 0 && lost > 0, "{came} came, {lost} were lost");
    assert!(a.links.is_up(b.peer.key), "the link must live");
}

#[tokio::test]
async fn calls_wait_while_too_many_replies_do() {
    let memory = Memory::default();
    let config = LinkConfig { heartbeat: std::time::Duration::from_secs(600), ..small() };
    let a = memory.node(key(1, 1), config.clone()).await;
    let b = memory.node(key(2, 1), config).await;
    a.ready(&b).await;
    both_up(&a, &b).await;
    // `a` does not read for a while: the replies gather at `b`, which starts no more calls than it has to.
    memory.gates(0)[0].stall();
    let counts: Vec<_> = (0..50).map(|_| a.start(&b, LARGE, &90_000_u32.to_le_bytes())).collect();
    let last = a.start(&b, COUNT, b"x");
    let session = b.links.session(a.peer.key).unwrap();
    until("the replies to gather", || lock(&session.outbox).replies.waiting() > 200_000).await;
    until("the calls to be parked", || lock(&session.outbox).inbound.live() > 10).await;
    assert!(lock(&session.outbox).replies.waiting() < 300_000, "calls were not parked");
    assert_eq!(b.services.counted.load(Ordering::Relaxed), 0);
    memory.gates(0)[0].open();
    for answer in soon("all answers", join_all(counts)).await {
        assert_eq!(value(answer).len(), 90_000);
    }
    assert_eq!(value(soon("the last answer", last).await), b"x"[..]);
}

#[tokio::test(start_paused = true)]
async fn one_way_calls_that_are_refused_are_counted_and_noticed() {
    let memory = Memory::default();
    let a = memory.node(key(1, 1), LinkConfig::default()).await;
    let b = memory.node(key(2, 1), LinkConfig::default()).await;
    a.ready(&b).await;
    for _ in 0..5 {
        let sent = a.submit_with(&b.peer, FULL, b"", &Given::default(), true).unwrap();
        assert!(sent.is_some());
    }
    until("the notice", || a.links.session(b.peer.key).unwrap().noticed.load(Ordering::Relaxed) == 5).await;
}
