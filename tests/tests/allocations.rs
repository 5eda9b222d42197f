//! What a call costs in memory: counted through the public client, on a node with its defaults.

#![allow(unreachable_pub, reason = "callable methods are `pub`, tests are not")]

use std::{fmt::Debug, sync::mpsc, thread};

use allocation_counter::measure;
use ember::{Choice, LocalCalls, prelude::*, registry::InProcess, telemetry::Telemetry};
use futures_util::future::join_all;
use tokio::sync::oneshot;

#[service]
#[derive(Default)]
struct Adder {
    calls: u64,
}

#[rpc]
impl Adder {
    pub async fn rpc_sum(&mut self, a: u64, b: u64) -> u64 {
        self.calls += 1;
        a + b
    }

    #[rpc(queued)]
    pub async fn rpc_sum_queued(&mut self, a: u64, b: u64) -> u64 {
        self.calls += 1;
        a + b
    }

    pub async fn rpc_sum_later(&mut self, a: u64, b: u64) -> u64 {
        self.calls += 1;
        tokio::task::yield_now().await;
        a + b
    }

    pub async fn rpc_calls(&mut self) -> u64 {
        self.calls
    }
}

/// Asks another for each answer.
#[service]
struct Asker {
    adder: AdderClient,
}

#[rpc]
impl Asker {
    pub async fn rpc_sum(&mut self, a: u64, b: u64) -> u64 {
        self.adder.rpc_sum(a, b).await.unwrap()
    }
}

/// So many calls, each of which adds one to its number.
async fn sums<F: Future<Output = Result<u64, E>>, E: Debug>(count: u64, call: impl Fn(u64) -> F) {
    for number in 0..count {
        assert_eq!(call(number).await.unwrap(), number + 1);
    }
}

async fn calls(adder: &AdderClient, count: u64) {
    sums(count, |number| adder.rpc_sum(number, 1)).await;
}

/// So often each number of calls is counted.
const ROUNDS: usize = 8;

/// By how much 10,000 calls allocate more often than 1,000: what the runtime allocates to run anything at all does not count. Nor
/// does the machine: where it holds up a thread within a handler, the method looks slow, its next calls are queued, and that
/// begins with a few allocations; so of several rounds the least counts.
fn allocations_of<C>(client: impl AsyncFnOnce() -> (Node, C), calls: impl AsyncFn(&C, u64)) -> u64 {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (_node, adder) = runtime.block_on(client());
    let count = |calls_made| measure(|| runtime.block_on(calls(&adder, calls_made))).count_total;
    let least = |calls_made| (0..ROUNDS).map(|_| count(calls_made)).min().unwrap();
    count(1_000);
    let (few, many) = (least(1_000), least(10_000));
    many.saturating_sub(few)
}

async fn local() -> (Node, AdderClient) {
    let node = Node::builder().service(Adder::default()).start().await.unwrap();
    let adder = node.client::<AdderClient>();
    (node, adder)
}

/// Several that can be chosen.
async fn several(choice: Choice) -> (Node, AdderClient) {
    let builder = (0..5).fold(Node::builder(), |node, _| node.service(Adder::default()));
    let node = builder.start().await.unwrap();
    let adder = node.select::<AdderClient>().choice(choice).client();
    (node, adder)
}

async fn spawned() -> (Node, AdderClient) {
    let node = Node::builder().start().await.unwrap();
    let pid = node.spawn(Adder::default()).await.unwrap();
    let adder = node.select::<AdderClient>().pid(pid).client();
    (node, adder)
}

#[test]
fn a_call_to_an_idle_local_service_allocates_nothing() {
    assert_eq!(allocations_of(local, calls), 0);
}

#[test]
fn a_call_that_is_counted_and_now_and_then_timed_allocates_nothing() {
    let counted = async || {
        let node = Node::builder().telemetry(Telemetry::default()).service(Adder::default()).start().await.unwrap();
        let adder = node.client::<AdderClient>();
        (node, adder)
    };
    assert_eq!(allocations_of(counted, calls), 0);
}

#[test]
fn a_call_to_an_idle_spawned_service_allocates_nothing() {
    assert_eq!(allocations_of(spawned, calls), 0);
}

#[test]
fn a_call_that_waits_in_the_mailbox_allocates_nothing() {
    let queued = async |adder: &AdderClient, count| sums(count, |number| adder.rpc_sum_queued(number, 1)).await;
    assert_eq!(allocations_of(local, queued), 0);
}

#[test]
fn a_call_whose_handler_waits_allocates_nothing() {
    let later = async |adder: &AdderClient, count| sums(count, |number| adder.rpc_sum_later(number, 1)).await;
    assert_eq!(allocations_of(local, later), 0);
}

#[test]
fn a_call_to_one_of_several_allocates_nothing() {
    let choices = [
        Choice::RoundRobin,
        Choice::Random,
        Choice::LeastInFlight,
        Choice::LocalFirst,
        Choice::ByKey(7),
        Choice::LeastBusy,
    ];
    for choice in choices {
        assert_eq!(allocations_of(async || several(choice.clone()).await, calls), 0, "{choice:?}");
    }
    let queued = async |adder: &AdderClient, count| sums(count, |number| adder.rpc_sum_queued(number, 1)).await;
    assert_eq!(allocations_of(async || several(Choice::RoundRobin).await, queued), 0);
    let again = async |adder: &AdderClient, count| {
        for number in 0..count {
            adder.rpc_sum(number, 1).send().unwrap();
            if number % 50 == 49 {
                // Each of them, so that what waits is handled.
                for _ in 0..5 {
                    adder.rpc_calls().await.unwrap();
                }
            }
        }
    };
    assert_eq!(allocations_of(async || several(Choice::RoundRobin).await, again), 0);
}

#[test]
fn a_one_way_call_allocates_nothing() {
    let sent = async |adder: &AdderClient, count| {
        let before = adder.rpc_calls().await.unwrap();
        for number in 0..count {
            adder.rpc_sum(number, 1).send().unwrap();
            // As many as are handled at a time without memory that is given back.
            if number % 50 == 49 {
                adder.rpc_calls().await.unwrap();
            }
        }
        assert_eq!(adder.rpc_calls().await.unwrap(), before + count);
    };
    assert_eq!(allocations_of(local, sent), 0);
}

#[test]
fn a_call_within_a_call_allocates_its_link_in_the_chain_of_callers() {
    let asker = async || {
        let builder = Node::builder().local_calls(LocalCalls::Short);
        let node = builder.service(Adder::default()).start().await.unwrap();
        let adder = node.client::<AdderClient>();
        let pid = node.spawn(Asker { adder }).await.unwrap();
        let asker = node.select::<AskerClient>().pid(pid).client();
        (node, asker)
    };
    let nested = async |asker: &AskerClient, count| sums(count, |number| asker.rpc_sum(number, 1)).await;
    assert_eq!(allocations_of(asker, nested), 9_000);
}

/// Callers at the same time.
const CALLERS: u64 = 64;

async fn calls_by_many(adder: &AdderClient, each: u64) {
    join_all((0..CALLERS).map(|_| calls(adder, each))).await;
}

/// A node with the service, on a thread of its own: counts what that thread allocates until it is told that this is enough.
struct There {
    phases: mpsc::Sender<oneshot::Receiver<()>>,
    counts: mpsc::Receiver<u64>,
}

impl There {
    fn start(registry: InProcess) -> Self {
        let (phases, begun) = mpsc::channel::<oneshot::Receiver<()>>();
        let (ended, counts) = mpsc::channel();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let node = Node::builder().registry(registry).service(Adder::default());
            let _node = runtime.block_on(node.start()).unwrap();
            for enough in begun {
                let count = measure(|| runtime.block_on(enough).unwrap()).count_total;
                ended.send(count).unwrap();
            }
        });
        Self { phases, counts }
    }

    /// What `here` returns, and how many allocations there are there meanwhile.
    fn during<T>(&self, here: impl FnOnce() -> T) -> (T, u64) {
        let (enough, until) = oneshot::channel();
        self.phases.send(until).unwrap();
        let done = here();
        enough.send(()).unwrap();
        (done, self.counts.recv().unwrap())
    }
}

#[test]
fn a_call_to_another_node_allocates_once_on_either_side_at_most() {
    let registry = InProcess::default();
    let there = There::start(registry.clone());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (node, _) = there.during(|| {
        runtime.block_on(async {
            let node = Node::builder().registry(registry).start().await.unwrap();
            node.wait_for_view(|view| view.instances().len() == 1).await;
            node
        })
    });
    let adder = node.client::<AdderClient>();
    let count = |each| there.during(|| measure(|| runtime.block_on(calls_by_many(&adder, each))).count_total);
    count(20);
    let (few, many) = (count(20), count(220));
    let each = |few: u64, many: u64| (many as f64 - few as f64) / (200 * CALLERS) as f64;
    let (here, there) = (each(few.0, many.0), each(few.1, many.1));
    assert!(here > 0.0 && here <= 1.0, "the caller's node allocates {here} times per call");
    assert!(there > 0.0 && there <= 1.0, "the callee's node allocates {there} times per call");
}
