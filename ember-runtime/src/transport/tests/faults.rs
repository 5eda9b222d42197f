//! Connections that break, stall, or lose one direction.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    runtime::{Builder, Runtime},
    task::JoinSet,
    time::{Instant, sleep},
};

use super::{super::unattended::unattended, support::*};
use crate::{
    error::{Failure, LostReason, RefusedReason},
    sync::lock,
    transport::{entrance::Sockets, link::Pulse, protocol::LinkConfig},
};

pub(super) async fn memory_pair() -> (Memory, Node, Node) {
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
    let session = unattended();
    let (part, call, _) = session.callers.insert(0, None).unwrap();
    let (near, _far) = tokio::io::duplex(1000);
    let socket = Arc::<Sockets>::default().dialled(Box::new(near), Duration::from_secs(60));
    let mut tasks = JoinSet::new();
    Pulse::of(socket, Arc::new(Memory::default())).watch(session.clone(), &mut tasks);
    let why = soon("the end", tasks.join_next()).await.unwrap().unwrap();
    assert!(why.contains("nothing was heard"), "{why}");
    let answer = std::future::poll_fn(|cx| part.poll(call, &mut false, cx));
    assert!(matches!(failure(answer.await), Failure::MaybeExecuted(LostReason::LinkLost(_))));
}

/// The connections of the first link: that of its calls, and that of its heartbeats.
const CALLS: usize = 0;
const PULSE: usize = 1;

/// Stalls some of the connections in both directions; when both ends know it, and why.
async fn black_hole(stalled: &[usize]) -> (Duration, Vec<String>) {
    let (memory, a, b) = memory_pair().await;
    let call = a.start(&b, HOLD, b"x");
    until("the call to arrive", || lock(&b.services.held).len() == 1).await;
    for gate in stalled.iter().flat_map(|&connection| memory.gates(connection)) {
        gate.stall();
    }
    let start = Instant::now();
    let failure = failure(soon("the outcome", call).await);
    assert!(matches!(failure, Failure::MaybeExecuted(LostReason::LinkLost(_))), "{failure:?}");
    until("both ends to be down", || a.services.events().len() == 2 && b.services.events().len() == 2).await;
    let took = start.elapsed();
    until("the sockets to close", || a.links.sockets.count() + b.links.sockets.count() == 0).await;
    a.ready(&b).await;
    both_up(&a, &b).await;
    assert_eq!(value(a.call(&b, ECHO, b"again").await), b"again"[..]);
    (took, vec![a.services.events()[1].clone(), b.services.events()[1].clone()])
}

#[tokio::test(start_paused = true)]
async fn a_black_hole_is_found_by_the_heartbeat() {
    let (took, why) = black_hole(&[CALLS, PULSE]).await;
    assert!(took > Duration::from_millis(900) && took < Duration::from_millis(2200), "{took:?}");
    assert!(why.iter().any(|why| why.contains("nothing was heard")), "{why:?}");
}

#[tokio::test(start_paused = true)]
async fn a_black_hole_that_swallows_only_the_heartbeats_is_found() {
    let (took, why) = black_hole(&[PULSE]).await;
    assert!(took > Duration::from_millis(900) && took < Duration::from_millis(2200), "{took:?}");
    assert!(why.iter().any(|why| why.contains("nothing was heard")), "{why:?}");
}

#[tokio::test(start_paused = true)]
async fn a_black_hole_that_swallows_only_the_calls_is_found_though_heartbeats_come() {
    let (took, why) = black_hole(&[CALLS]).await;
    assert!(took > Duration::from_millis(900) && took < Duration::from_millis(2700), "{took:?}");
    assert!(why.iter().any(|why| why.contains("read nothing of what it was sent")), "{why:?}");
}

#[tokio::test(start_paused = true)]
async fn the_loss_of_one_direction_ends_the_link_at_both_ends() {
    for (deaf, stalled) in
        [0, 1].map(|deaf| [vec![CALLS], vec![PULSE], vec![CALLS, PULSE]].map(|it| (deaf, it))).concat()
    {
        let (memory, a, b) = memory_pair().await;
        for &connection in &stalled {
            memory.gates(connection)[deaf].stall();
        }
        let start = Instant::now();
        until("both ends to be down", || a.services.events().len() == 2 && b.services.events().len() == 2).await;
        // That nothing is read is told by the heartbeats, one of which may just have left.
        let longest = if stalled.contains(&PULSE) { 2200 } else { 2700 };
        assert!(start.elapsed() < Duration::from_millis(longest), "{stalled:?}: {:?}", start.elapsed());
        a.ready(&b).await;
        both_up(&a, &b).await;
        assert_eq!(value(a.call(&b, ECHO, b"again").await), b"again"[..]);
    }
}

/// Holds up the only thread of `runtime` until what is returned is used or dropped. It is held up by then.
async fn hold_up(runtime: &Runtime) -> std::sync::mpsc::Sender<()> {
    let (go, goes) = std::sync::mpsc::channel::<()>();
    let (begun, begins) = tokio::sync::oneshot::channel();
    runtime.spawn(async move {
        begun.send(()).unwrap();
        let _dropped = goes.recv();
    });
    soon("the thread to be held up", begins).await.unwrap();
    go
}

/// A node on a runtime of its own with one thread, which a test can block.
async fn node_of_one_thread(number: u64, config: LinkConfig) -> (Node, Runtime) {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let node = runtime.spawn(Node::tcp(key(number, 1), config)).await.unwrap();
    (node, runtime)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_that_are_held_up_end_no_link_and_are_late_until_they_are_free() {
    let a = Node::tcp(key(1, 1), LinkConfig::default()).await;
    let (b, runtime) = node_of_one_thread(2, LinkConfig::default()).await;
    a.ready(&b).await;
    let go = hold_up(&runtime).await;
    // It arrives, and nobody can read it.
    let call = a.start(&b, ECHO, b"x");
    until("the peer to be late", || a.services.events().len() == 2).await;
    assert_eq!(a.services.events()[1], format!("late {}", b.peer.key));
    let started = Instant::now();
    // Four times as long as silence may last.
    // tidy: sleep: the time that workers are held up is what is tested
    sleep(Duration::from_secs(6)).await;
    assert!(a.links.is_up(b.peer.key), "the link ended: {:?}", a.services.events());
    go.send(()).unwrap();
    assert_eq!(value(soon("the answer", call).await), b"x"[..]);
    until("the peer to be in time again", || a.services.events().len() == 3).await;
    assert_eq!(a.services.events()[2], format!("in time {}", b.peer.key));
    assert!(b.services.events().len() == 1 && started.elapsed() > Duration::from_secs(6));
    runtime.shutdown_background();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_that_are_held_up_for_good_end_the_link_at_the_limit() {
    let config = LinkConfig { stall_limit: Duration::from_secs(4), ..LinkConfig::default() };
    let a = Node::tcp(key(1, 1), config.clone()).await;
    let (b, runtime) = node_of_one_thread(2, config).await;
    a.ready(&b).await;
    let _go = hold_up(&runtime).await;
    let (call, start) = (a.start(&b, ECHO, b"x"), Instant::now());
    let failure = failure(soon("the outcome", call).await);
    assert!(matches!(failure, Failure::MaybeExecuted(LostReason::LinkLost(_))), "{failure:?}");
    assert!(start.elapsed() > Duration::from_secs(3), "{:?}", start.elapsed());
    until("the link to be down", || !a.links.is_up(b.peer.key)).await;
    until("the end to be told", || a.services.events().iter().any(|event| event.contains("held up for 4s"))).await;
    runtime.shutdown_background();
}

#[tokio::test(start_paused = true)]
async fn a_heartbeat_of_no_link_is_dropped() {
    let (memory, a, b) = memory_pair().await;
    for opening in [&[[0xe5, 1], [7; 2]].concat().repeat(5)[..], &[[0xe5, 9]; 9].concat(), &[0xe5]] {
        let mut stranger = crate::net::Network::connect(&memory, &b.peer.endpoint).await.unwrap();
        stranger.write_all(opening).await.unwrap();
        let mut answer = Vec::new();
        soon("the end of the connection", stranger.read_to_end(&mut answer)).await.unwrap();
        assert!(answer.is_empty(), "a stranger learns nothing");
    }
    until("the connections to close", || b.links.sockets.count() == 2).await;
    assert_eq!(value(a.call(&b, ECHO, b"fine").await), b"fine"[..]);
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
    assert_eq!((memory.connections(), a.services.events().len()), (2, 1));
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
