//! What a call costs in memory: counted through the public client, on a node with its defaults.

#![allow(unreachable_pub, reason = "callable methods are `pub`, tests are not")]

use allocation_counter::measure;
use ember::prelude::*;

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
}

async fn calls(adder: &AdderClient, count: u64) {
    for number in 0..count {
        assert_eq!(adder.rpc_sum(number, 1).await.unwrap(), number + 1);
    }
}

/// By how much 10,000 calls allocate more often than 1,000: what the runtime allocates to run anything at all does not count.
fn allocations_of(client: impl AsyncFnOnce() -> (Node, AdderClient)) -> u64 {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (_node, adder) = runtime.block_on(client());
    let count = |calls_made| measure(|| runtime.block_on(calls(&adder, calls_made))).count_total;
    count(1_000);
    let (few, many) = (count(1_000), count(10_000));
    many - few
}

#[test]
fn a_call_to_an_idle_local_service_allocates_nothing() {
    let allocations = allocations_of(async || {
        let node = Node::builder().service(Adder::default()).start().await.unwrap();
        let adder = node.client::<AdderClient>();
        (node, adder)
    });
    assert_eq!(allocations, 0);
}

#[test]
fn a_call_to_an_idle_spawned_service_allocates_nothing() {
    let allocations = allocations_of(async || {
        let node = Node::builder().start().await.unwrap();
        let pid = node.spawn(Adder::default()).await.unwrap();
        let adder = node.select::<AdderClient>().pid(pid).client();
        (node, adder)
    });
    assert_eq!(allocations, 0);
}
