//! Bursts: they are bounded where something could grow without end, and what they needed is given back.

#![allow(unreachable_pub, reason = "callable methods are `pub`, tests are not")]

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use allocation_counter::measure;
use ember::{LocalCalls, RefusedReason, prelude::*};
use ember_tests::{gate::Gate, wait::within};
use futures_util::future::join_all;

/// Answers when it is let.
#[service]
#[derive(Default)]
struct Slow {
    gate: Gate,
    done: u64,
}

#[rpc]
impl Slow {
    pub async fn rpc_pass(&mut self) {
        self.gate.pass().await;
    }

    pub async fn rpc_add(&mut self, number: u64) -> u64 {
        self.done += number;
        self.done
    }

    #[rpc(priority = "system")]
    pub async fn rpc_add_urgently(&mut self, number: u64) {
        self.done += number;
    }
}

#[derive(Debug, Default)]
struct Heard {
    done: AtomicUsize,
    refused: AtomicUsize,
}

/// Calls without waiting, again and again.
#[service]
struct Busy {
    slow: SlowClient,
    heard: Arc<Heard>,
    /// Asks again at once when it is refused.
    stubborn: bool,
}

impl Busy {
    fn ask(&mut self, cx: &mut Cx<'_, Self>) {
        self.slow.rpc_add(1).then(cx, |me: &mut Self, cx, outcome| match outcome {
            Ok(_) => drop(me.heard.done.fetch_add(1, Ordering::SeqCst)),
            Err(CallError::NotExecuted(refused)) => {
                assert!(matches!(refused.reason(), RefusedReason::MailboxFull { .. }), "{refused}");
                assert!(refused.to_string().contains("callback"), "{refused}");
                me.heard.refused.fetch_add(1, Ordering::SeqCst);
                if me.stubborn {
                    me.ask(cx);
                }
            }
            Err(other) => panic!("{other}"),
        });
    }
}

#[rpc]
impl Busy {
    pub async fn rpc_ask(&mut self, cx: &mut Cx<'_, Self>, count: usize) {
        (0..count).for_each(|_| self.ask(cx));
    }

    pub async fn rpc_ping(&mut self) {}
}

async fn busy(places: usize, stubborn: bool) -> (Node, Gate, BusyClient, Arc<Heard>) {
    let (gate, heard) = (Gate::default(), Arc::<Heard>::default());
    let slow = Hosted::new(Slow { gate: gate.clone(), done: 0 }).mailbox(100_000);
    let node = Node::builder().service(slow).start().await.unwrap();
    let blocked = tokio::spawn(node.client::<SlowClient>().rpc_pass());
    gate.reached().await;
    let busy = Busy { slow: node.client::<SlowClient>(), heard: Arc::clone(&heard), stubborn };
    let pid = node.spawn(Hosted::new(busy).mailbox(places)).await.unwrap();
    drop(blocked);
    (node.clone(), gate, node.select::<BusyClient>().pid(pid).client(), heard)
}

#[tokio::test]
async fn callbacks_of_calls_that_have_no_answer_yet_take_places_and_no_more_than_there_are() {
    let (node, gate, busy, heard) = busy(100, false).await;
    busy.rpc_ask(5_000).await.unwrap();
    let told = || (heard.done.load(Ordering::SeqCst), heard.refused.load(Ordering::SeqCst));
    // The one that asked is told by itself of each call that was not made.
    within("refusals", async {
        while told().1 < 4_900 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let (done, refused) = told();
    assert_eq!(done, 0);
    assert!((4_900..=4_916).contains(&refused), "about 100 of 5,000 have places: {refused} were refused");
    gate.open();
    within("answers", async {
        while told().0 + refused < 5_000 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(told(), (5_000 - refused, refused), "each callback ran once");
    node.shutdown().await.unwrap();
}

#[tokio::test]
async fn one_that_asks_again_at_once_keeps_nobody_from_his_turn_and_ends_when_there_are_places() {
    let (node, gate, busy, heard) = busy(10, true).await;
    busy.rpc_ask(100).await.unwrap();
    for _ in 0..100 {
        // Its mailbox is full; it is alive.
        let _full = busy.rpc_ping().await;
    }
    assert_eq!(heard.done.load(Ordering::SeqCst), 0);
    gate.open();
    within("answers", async {
        while heard.done.load(Ordering::SeqCst) < 100 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    busy.rpc_ping().await.unwrap();
    node.shutdown().await.unwrap();
}

/// So many at once.
const BURST: u64 = 100_000;

/// What a burst leaves allocated on a runtime of one thread.
fn left<T>(prepare: impl AsyncFnOnce() -> (Node, T), burst: impl AsyncFn(&Node, &T)) -> i64 {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (node, client) = runtime.block_on(prepare());
    let calm = async || {
        for _ in 0..1_000 {
            tokio::task::yield_now().await;
        }
    };
    let measured = measure(|| {
        runtime.block_on(async {
            burst(&node, &client).await;
            calm().await;
        });
    });
    assert!(measured.bytes_max > 2_000_000, "that was no burst: {measured:?}");
    measured.bytes_current
}

/// As much as 64 places, a few handlers and the runtime's own may take.
const LITTLE: i64 = 150_000;

async fn slow() -> (Node, SlowClient) {
    let slow = Hosted::new(Slow::default()).mailbox(BURST as usize);
    let node = Node::builder().local_calls(LocalCalls::Queued).service(slow).start().await.unwrap();
    let client = node.client::<SlowClient>();
    client.rpc_add(1).await.unwrap();
    (node, client)
}

#[test]
fn what_a_burst_of_messages_needed_is_given_back() {
    let left = left(slow, async |_, slow| {
        let before = slow.rpc_add(0).await.unwrap();
        (0..BURST - 1).for_each(|_| slow.rpc_add(1).send().unwrap());
        assert_eq!(slow.rpc_add(0).await.unwrap(), before + BURST - 1);
    });
    assert!(left < LITTLE, "{left} bytes are left");
}

#[test]
fn what_a_burst_of_callers_needed_is_given_back() {
    let left = left(slow, async |_, slow| {
        let calls = (0..BURST / 2).map(|_| slow.rpc_add(1));
        assert!(join_all(calls).await.iter().all(Result::is_ok));
    });
    assert!(left < LITTLE, "{left} bytes are left");
}

#[test]
fn what_a_burst_of_callbacks_needed_is_given_back() {
    let prepare = async || {
        let (node, slow) = slow().await;
        let heard = Arc::<Heard>::default();
        let busy = Busy { slow, heard: Arc::clone(&heard), stubborn: false };
        let pid = node.spawn(Hosted::new(busy).mailbox(BURST as usize)).await.unwrap();
        let busy = node.select::<BusyClient>().pid(pid).client();
        // The queue of tokio's own for so many tasks stays as large as it was once.
        let tasks: Vec<_> = (0..BURST / 2).map(|_| tokio::spawn(async {})).collect();
        join_all(tasks).await;
        (node, (busy, heard))
    };
    let left = left(prepare, async |_, (busy, heard)| {
        let before = heard.done.load(Ordering::SeqCst) + heard.refused.load(Ordering::SeqCst);
        busy.rpc_ask(BURST as usize / 2).await.unwrap();
        within("answers", async {
            let told = || heard.done.load(Ordering::SeqCst) + heard.refused.load(Ordering::SeqCst);
            while told() < before + BURST as usize / 2 {
                tokio::task::yield_now().await;
            }
        })
        .await;
        busy.rpc_ping().await.unwrap();
    });
    assert!(left < LITTLE, "{left} bytes are left");
}

async fn come_and_go(node: &Node, count: u64) {
    let mut pids = Vec::new();
    for _ in 0..count {
        pids.push(node.spawn(Slow::default()).await.unwrap());
    }
    for pid in &pids {
        node.select::<SlowClient>().pid(*pid).client().rpc_add(1).await.unwrap();
    }
    for pid in pids {
        assert!(node.stop(pid));
        while node.call_counts(pid).is_some() {
            tokio::task::yield_now().await;
        }
    }
}

#[test]
fn what_a_burst_of_services_needed_is_given_back() {
    let prepare = async || {
        let (node, slow) = slow().await;
        // What a thread remembers of services is bounded.
        come_and_go(&node, 2_000).await;
        (node, slow)
    };
    let left = left(prepare, async |node, _| come_and_go(node, BURST / 4).await);
    assert!(left < LITTLE, "{left} bytes are left");
}
