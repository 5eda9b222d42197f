//! Many callers in both directions while connections break: every call ends, and nothing is left behind.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::time::timeout;

use super::support::*;
use crate::{
    error::Failure,
    rng::Rng,
    sync::lock,
    transport::protocol::{LinkConfig, RawAnswer},
};

/// Calls until told to stop; counts values, refusals and losses.
async fn caller(from: Arc<Node>, to: Arc<Node>, rng: Rng, stop: Arc<AtomicBool>, counts: Arc<[AtomicUsize; 3]>) {
    while !stop.load(Ordering::Relaxed) {
        let target = [ECHO, ECHO, HOLD, APP, FULL, DROP][rng.below(6)];
        let payload = vec![rng.u64() as u8; rng.below(20_000)];
        let one_way = rng.below(10) == 0;
        match from.submit_with(&to.peer, target, &payload, &Given::default(), one_way) {
            Ok(Some(call)) => match timeout(rng.jitter(Duration::from_millis(20)), call).await {
                Ok(RawAnswer::Value(value)) => {
                    assert!(one_way || *value == payload[..], "an answer to another call");
                    counts[0].fetch_add(1, Ordering::Relaxed);
                }
                Ok(RawAnswer::App(_)) | Ok(RawAnswer::Failed(Failure::NotExecuted(_))) => {
                    counts[1].fetch_add(1, Ordering::Relaxed);
                }
                Ok(RawAnswer::Failed(Failure::MaybeExecuted(_))) | Err(_) => {
                    counts[2].fetch_add(1, Ordering::Relaxed);
                }
            },
            Ok(None) => drop(soon("a link or a refusal", from.links.ready(&to.peer)).await),
            Err(_) => tokio::task::yield_now().await,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_is_left_behind_when_connections_break_under_load() {
    let memory = Memory::default();
    let config = LinkConfig { out_buffer: 300_000, credit: 200_000, max_message: 50_000, ..LinkConfig::default() };
    let a = Arc::new(memory.node(key(1, 1), config.clone()).await);
    let b = Arc::new(memory.node(key(2, 1), config).await);
    let (stop, rng) = (Arc::new(AtomicBool::new(false)), Rng::from_seed(5));
    let counts: Arc<[AtomicUsize; 3]> = Arc::default();
    let mut callers = Vec::new();
    for i in 0..16 {
        let (from, to) = if i % 2 == 0 { (&a, &b) } else { (&b, &a) };
        let call = caller(from.clone(), to.clone(), Rng::from_seed(i), stop.clone(), counts.clone());
        callers.push(tokio::spawn(call));
    }
    for round in 0..40 {
        let answered = counts[0].load(Ordering::Relaxed);
        until("some calls to be answered", || {
            a.services.answer_held();
            b.services.answer_held();
            counts[0].load(Ordering::Relaxed) > answered + 50
        })
        .await;
        if round % 4 != 3 {
            memory.gates(memory.connections() - 1 - rng.below(2))[rng.below(2)].cut();
        }
    }
    stop.store(true, Ordering::Relaxed);
    for caller in callers {
        soon("a caller to end", caller).await.unwrap();
    }
    let nodes = [(&a, &b), (&b, &a)];
    until("everything to be given back", || {
        nodes.iter().all(|(node, peer)| {
            node.services.answer_held();
            node.links.session(peer.peer.key).is_none_or(|session| {
                session.callers.waiting() == 0
                    && lock(&session.outbox).inbound.live() == 0
                    && session.held() == 0
                    && lock(&session.outbox).calls.waiting() == 0
            })
        })
    })
    .await;
    for (node, peer) in nodes {
        let events = node.services.events();
        for (event, next) in events.iter().zip(&events[1..]) {
            assert_ne!(event.starts_with("up"), next.starts_with("up"), "{events:?}");
        }
        assert_eq!(events.last().unwrap().starts_with("up"), node.links.is_up(peer.peer.key));
    }
    let counts: Vec<_> = counts.iter().map(|count| count.load(Ordering::Relaxed)).collect();
    assert!(counts.iter().all(|&count| count > 0), "{counts:?}");
    soon("the shutdowns", async {
        tokio::join!(a.links.shutdown(Duration::from_secs(10)), b.links.shutdown(Duration::from_secs(10)))
    })
    .await;
    until("all connections to close", || a.links.sockets.count() + b.links.sockets.count() == 0).await;
}
