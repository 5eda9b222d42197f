//! Large messages, and small ones that do not wait for them.

use std::sync::atomic::Ordering;

use futures_util::{FutureExt, future::join_all};

use super::support::*;
use crate::{
    error::{Failure, RefusedReason},
    message::Lane,
    sync::lock,
    transport::protocol::LinkConfig,
};

const LARGE_CALL: usize = 15 << 20;
/// So many small calls, one after the other, end while a large one is on its way.
const SMALL: u32 = 15;
/// Each has to wait for what is ahead of the socket, which is 256 KiB and a piece of 64 KiB, and for what is in it, which is 64 KiB here;
/// then it and the heads of frames take a little.
const AHEAD: usize = (256 + 64 + 64 + 16) << 10;

/// A link whose heartbeat does not interfere with what a test does to its connection.
async fn quiet_pair() -> (Memory, Node, Node) {
    let memory = Memory::default();
    let config = LinkConfig { heartbeat: std::time::Duration::from_secs(600), ..LinkConfig::default() };
    let a = memory.node(key(1, 1), config.clone()).await;
    let b = memory.node(key(2, 1), config).await;
    a.ready(&b).await;
    both_up(&a, &b).await;
    (memory, a, b)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_messages_arrive_as_they_were() {
    let (a, b) = tcp_pair(LinkConfig::default()).await;
    let sizes = [100 << 10, 128 << 10, 129 << 10, 256 << 10, 1 << 20, 9 << 20];
    let payloads = sizes.map(|size| (0..size).map(|at: usize| (at ^ at >> 8 ^ at >> 16) as u8).collect::<Vec<_>>());
    let calls: Vec<_> = payloads.iter().map(|payload| a.start(&b, ECHO, payload)).collect();
    for (answer, payload) in soon("the answers", join_all(calls)).await.into_iter().zip(&payloads) {
        assert!(value(answer) == payload, "{} bytes came back changed", payload.len());
    }
    assert_eq!(b.links.session(a.peer.key).unwrap().held(), 0);
}

/// Bytes are counted, not time: whoever reads may be held up, and then more has arrived before its turn comes.
#[tokio::test]
async fn small_calls_that_start_after_a_large_one_end_before_it() {
    let (memory, a, b) = quiet_pair().await;
    let [_, gate] = memory.gates(0);
    gate.meter();
    let mut large = Box::pin(a.start(&b, HOLD, &vec![7; LARGE_CALL]));
    let session = a.links.session(b.peer.key).unwrap();
    until("as much to leave as can", || lock(&session.outbox).calls.waiting() <= LARGE_CALL - (250 << 10)).await;
    for round in 0..SMALL {
        // Another service than that of the large call.
        let small = a.start(&b, ECHO, &round.to_le_bytes());
        gate.allow(AHEAD);
        assert_eq!(value(soon("a small answer", small).await), round.to_le_bytes()[..]);
        assert!(lock(&b.services.held).is_empty(), "the large call has come before small call {round}");
    }
    gate.open();
    until("the large call to come", || lock(&b.services.held).len() == 1).await;
    b.services.answer_held();
    assert_eq!(value(soon("the large answer", &mut large).await).len(), LARGE_CALL);
}

#[tokio::test]
async fn small_replies_do_not_wait_for_a_large_one() {
    let (memory, a, b) = quiet_pair().await;
    let [gate, _] = memory.gates(0);
    gate.meter();
    let mut large = Box::pin(a.start(&b, LARGE, &(LARGE_CALL as u32).to_le_bytes()));
    let session = b.links.session(a.peer.key).unwrap();
    let left = |waiting: usize| (1..=LARGE_CALL - (250 << 10)).contains(&waiting);
    until("as much to leave as can", || left(lock(&session.outbox).replies.waiting())).await;
    for round in 0..SMALL {
        let small = a.start(&b, COUNT, &round.to_le_bytes());
        until("the small call to come", || b.services.counted.load(Ordering::Relaxed) > round as usize).await;
        gate.allow(AHEAD);
        assert_eq!(value(soon("a small answer", small).await), round.to_le_bytes()[..]);
        assert!((&mut large).now_or_never().is_none(), "the large reply has come before small reply {round}");
    }
    gate.open();
    assert_eq!(value(soon("the large answer", large).await).len(), LARGE_CALL);
}

#[tokio::test]
async fn calls_of_one_service_and_lane_stay_in_order_however_large_they_are() {
    let (_memory, a, b) = quiet_pair().await;
    let sizes = [10, 300 << 10, 20, 200 << 10, 30];
    let mut calls: Vec<_> = sizes.iter().map(|&size| a.start(&b, HOLD, &vec![1; size])).collect();
    // The system lane is another lane.
    let system = Given { lane: Lane::System, ..Given::default() };
    calls.push(a.submit_with(&b.peer, HOLD, &[2; 40], &system, false).unwrap().unwrap());
    until("the calls to come", || lock(&b.services.held).len() == 6).await;
    let came: Vec<_> = lock(&b.services.held).iter().map(|call| call.payload.len()).collect();
    assert_eq!(came, [10, 40, 300 << 10, 20, 200 << 10, 30]);
}

#[tokio::test]
async fn a_large_call_that_was_cut_off_was_certainly_not_executed() {
    let (memory, a, b) = quiet_pair().await;
    let [_, gate] = memory.gates(0);
    gate.meter();
    gate.allow(1 << 20);
    let large = a.start(&b, ECHO, &vec![7; LARGE_CALL]);
    let session = a.links.session(b.peer.key).unwrap();
    until("a part of it to leave", || lock(&session.outbox).calls.waiting() < LARGE_CALL).await;
    a.links.forget(b.peer.key);
    let failure = failure(soon("the outcome", large).await);
    assert!(matches!(failure, Failure::NotExecuted(RefusedReason::Unreachable(_))), "{failure:?}");
}

#[tokio::test]
async fn a_large_call_that_nobody_waits_for_is_not_sent_or_is_cancelled() {
    let (memory, a, b) = quiet_pair().await;
    let session = a.links.session(b.peer.key).unwrap();
    // The first is held up on its way.
    let [_, gate] = memory.gates(0);
    gate.meter();
    gate.allow(64 << 10);
    let (begun, waiting) = (a.start(&b, HOLD, &vec![1; 2 << 20]), a.start(&b, HOLD, &vec![2; 2 << 20]));
    until("the first to begin", || lock(&session.outbox).calls.waiting() < 4 << 20).await;
    drop((begun, waiting));
    assert!(lock(&session.outbox).calls.waiting() <= 2 << 20, "the second is still to be sent");
    gate.open();
    until("the first to come, and its cancel", || {
        let held = lock(&b.services.held);
        held.len() == 1 && held[0].reply.is_unwanted()
    })
    .await;
    assert_eq!(value(a.call(&b, ECHO, b"x").await), b"x"[..]);
    assert_eq!((lock(&b.services.held).len(), lock(&session.outbox).calls.waiting()), (1, 0));
}
