//! What a link carries.

use std::{sync::Arc, sync::atomic::Ordering, time::Duration};

use futures_util::future::join_all;
use tokio::time::Instant;

use super::support::*;
use crate::{
    error::{LostReason, RefusedReason},
    id::Pid,
    message::{Beside, Chain, Envelope, Stamp},
    sync::lock,
    transport::protocol::{LinkConfig, RawAnswer},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_nodes_call_over_one_link_of_two_connections() {
    let (a, b) = tcp_pair(LinkConfig::default()).await;
    b.ready(&a).await;
    for round in 0..100_u32 {
        let payload = round.to_le_bytes();
        assert_eq!(value(a.call(&b, ECHO, &payload).await), payload[..]);
        assert_eq!(value(b.call(&a, ECHO, &payload).await), payload[..]);
    }
    assert_eq!((a.links.sockets.count(), b.links.sockets.count()), (2, 2));
    assert_eq!((a.links.in_flight(b.peer.key), b.links.in_flight(a.peer.key)), (0, 0));
    assert_eq!(a.services.events(), [format!("up {}", b.peer.key)]);
    assert_eq!(b.services.events(), [format!("up {}", a.peer.key)]);
}

#[tokio::test]
async fn every_kind_of_outcome_comes_back() {
    let (a, b) = tcp_pair(LinkConfig::default()).await;
    assert!(matches!(a.call(&b, APP, b"no").await, RawAnswer::App(error) if *error == b"no"[..]));
    assert_eq!(failure(a.call(&b, FULL, b"").await), RefusedReason::MailboxFull { limit: 3 }.into());
    assert_eq!(failure(a.call(&b, 99, b"").await), RefusedReason::NoTarget("99".into()).into());
    assert_eq!(failure(a.call(&b, DROP, b"").await), LostReason::NoReply.into());
}

#[tokio::test]
async fn the_envelope_travels() {
    let (a, b) = tcp_pair(LinkConfig::default()).await;
    let pid = |number| Pid { node: a.peer.key, number };
    let outer = Chain::told(pid(1), "shop.rpc_buy", None);
    let inner = Chain::here(pid(2), "bank", "rpc_pay", Some(outer));
    let headers = [("user".to_string(), "ada".to_string())].into();
    let beside = Some(Arc::new(Beside { headers, ..Beside::default() }));
    let envelope = Envelope { key: Some(u64::MAX), chain: Some(inner), beside: beside.clone(), ..Envelope::default() };
    let given = Given { envelope, ..Given::by(Instant::now() + Duration::from_secs(60)) };
    let call = a.submit_with(&b.peer, ECHO, b"x", &given, false).unwrap().unwrap();
    value(soon("an answer", call).await);
    let Given { stamp, envelope: came, .. } = lock(&b.services.came).pop().unwrap();
    let left = stamp.deadline.unwrap() - Instant::now();
    assert!(left > Duration::from_secs(30) && left <= Duration::from_secs(60), "{left:?}");
    assert_eq!((stamp.caller, came.key), (2, Some(u64::MAX)), "who waits, made it");
    assert_eq!(came.beside, beside);
    let links: Vec<_> = came.chain.as_ref().unwrap().links().map(|link| (link.pid, link.place())).collect();
    assert_eq!(links, [(pid(2), "bank.rpc_pay"), (pid(1), "shop.rpc_buy")]);
}

#[tokio::test]
async fn the_caller_of_a_call_that_no_handler_waits_for_travels() {
    let (a, b) = tcp_pair(LinkConfig::default()).await;
    for caller in [0, 7, u64::MAX] {
        let stamp = Stamp { caller, deadline: None };
        let given = Given { stamp, envelope: Envelope { key: Some(1), ..Envelope::default() }, ..Given::default() };
        let _sent = a.submit_with(&b.peer, ECHO, b"x", &given, true).unwrap().unwrap();
        until("it to come", || lock(&b.services.came).last().is_some_and(|came| came.stamp.caller == caller)).await;
    }
}

#[tokio::test]
async fn an_expired_call_is_not_sent() {
    let (a, b) = tcp_pair(LinkConfig::default()).await;
    let refused = a.submit_with(&b.peer, ECHO, b"", &Given::by(Instant::now()), false).unwrap_err();
    assert_eq!(refused, RefusedReason::Expired);
    assert_eq!(a.links.in_flight(b.peer.key), 0);
}

#[tokio::test(start_paused = true)]
async fn a_call_without_an_answer_ends_at_its_deadline() {
    let memory = Memory::default();
    let a = memory.node(key(1, 1), LinkConfig::default()).await;
    let b = memory.node(key(2, 1), LinkConfig::default()).await;
    a.ready(&b).await;
    let start = Instant::now();
    let calls = [3000, 50, 700].map(|millis| {
        let given = Given::by(start + Duration::from_millis(millis));
        let call = a.submit_with(&b.peer, HOLD, b"", &given, false).unwrap().unwrap();
        async move { (failure(call.await), start.elapsed(), Duration::from_millis(millis)) }
    });
    for (failure, took, wanted) in soon("the outcomes", join_all(calls)).await {
        assert_eq!(failure, LostReason::Deadline.into());
        assert!(took >= wanted && took <= wanted + Duration::from_millis(5), "{took:?} for {wanted:?}");
    }
    assert_eq!(a.links.in_flight(b.peer.key), 0);
}

#[tokio::test(start_paused = true)]
async fn the_time_that_a_call_waits_for_the_connection_is_not_given_to_the_callee() {
    let memory = Memory::default();
    let a = memory.node(key(1, 1), LinkConfig::default()).await;
    let b = memory.node(key(2, 1), LinkConfig::default()).await;
    a.ready(&b).await;
    let envelope = Envelope { key: Some(1), ..Envelope::default() };
    let given = Given { envelope, ..Given::by(Instant::now() + Duration::from_secs(10)) };
    let call = a.submit_with(&b.peer, ECHO, b"", &given, false).unwrap().unwrap();
    // The writer has not run yet.
    tokio::time::advance(Duration::from_millis(400)).await;
    value(soon("the answer", call).await);
    let left = lock(&b.services.came).pop().unwrap().stamp.deadline.unwrap() - Instant::now();
    assert!(left <= Duration::from_millis(9600), "{left:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_calls_at_once_each_get_their_own_answer() {
    let (a, b) = tcp_pair(LinkConfig::default()).await;
    let calls: Vec<_> = (0..10_000_u32).map(|i| a.start(&b, ECHO, &i.to_le_bytes())).collect();
    for (i, answer) in soon("all answers", join_all(calls)).await.into_iter().enumerate() {
        assert_eq!(value(answer), (i as u32).to_le_bytes()[..]);
    }
    assert_eq!(a.links.in_flight(b.peer.key), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_way_calls_arrive_and_are_done_at_once() {
    let (a, b) = tcp_pair(LinkConfig::default()).await;
    for _ in 0..1000 {
        let done = a.submit_with(&b.peer, COUNT, b"x", &Given::default(), true).unwrap().unwrap();
        assert_eq!(value(done.await), b""[..]);
    }
    assert_eq!(a.links.in_flight(b.peer.key), 0);
    until("a thousand messages", || b.services.counted.load(Ordering::Relaxed) == 1000).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_arrive_in_their_order() {
    let (a, b) = tcp_pair(LinkConfig::default()).await;
    let given = Given::default();
    let mut calls = Vec::new();
    for i in 0..5000_u32 {
        let one_way = i % 3 == 0;
        calls.push(a.submit_with(&b.peer, HOLD, &i.to_le_bytes(), &given, one_way).unwrap().unwrap());
        if i % 100 == 0 {
            tokio::task::yield_now().await;
        }
    }
    until("all calls to arrive", || lock(&b.services.held).len() == 5000).await;
    let held = std::mem::take(&mut *lock(&b.services.held));
    assert!(held.iter().enumerate().all(|(i, call)| *call.payload == (i as u32).to_le_bytes()[..]));
}

#[tokio::test]
async fn a_dropped_call_is_cancelled_at_the_callee() {
    let (a, b) = tcp_pair(LinkConfig::default()).await;
    let (kept, dropped) = (a.start(&b, HOLD, b"kept"), a.start(&b, HOLD, b"dropped"));
    until("both calls to arrive", || lock(&b.services.held).len() == 2).await;
    assert!(lock(&b.services.held).iter().all(|call| !call.reply.is_unwanted()));
    drop(dropped);
    until("the cancel to arrive", || lock(&b.services.held)[1].reply.is_unwanted()).await;
    assert!(!lock(&b.services.held)[0].reply.is_unwanted());
    b.services.answer_held();
    assert_eq!(value(soon("the other answer", kept).await), b"kept"[..]);
    assert_eq!(a.links.in_flight(b.peer.key), 0);
    assert_eq!(lock(&b.links.session(a.peer.key).unwrap().outbox).inbound.live(), 0);
}

#[tokio::test]
async fn a_panic_while_writing_spoils_nothing_but_its_call() {
    let (a, b) = tcp_pair(LinkConfig::default()).await;
    let mut put_args = |out: &mut Vec<u8>| {
        out.push(1);
        panic!("a bug in somebody's Serialize")
    };
    let given = Given::default();
    let call = given.call(ECHO, &mut put_args, false);
    assert!(matches!(a.links.submit(b.peer.key, call), Err(RefusedReason::Undecodable(_))));
    assert_eq!(value(a.call(&b, ECHO, b"fine").await), b"fine"[..]);
}

#[tokio::test]
async fn nothing_is_sent_without_a_link() {
    let (a, b) = (Node::tcp(key(1, 1), LinkConfig::default()).await, Node::tcp(key(2, 1), LinkConfig::default()).await);
    assert!(a.submit(&b.peer, ECHO, b"").unwrap().is_none());
    assert!(!a.links.is_up(b.peer.key));
    let unreachable = |refused| matches!(refused, Err(RefusedReason::Unreachable(_)));
    assert!(unreachable(soon("a refusal", a.links.ready(&a.peer)).await));
}
