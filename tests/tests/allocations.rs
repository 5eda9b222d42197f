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

const CALLS: u64 = 1_000;

async fn calls(adder: &AdderClient) {
    for number in 0..CALLS {
        assert_eq!(adder.rpc_sum(number, 1).await.unwrap(), number + 1);
    }
}

/// Allocations of so many calls, after as many that nobody counts.
fn allocations_of(client: impl AsyncFnOnce() -> (Node, AdderClient)) -> u64 {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (_node, adder) = runtime.block_on(client());
    runtime.block_on(calls(&adder));
    measure(|| runtime.block_on(calls(&adder))).count_total
}

#[test]
fn a_call_to_an_idle_local_service_allocates_nothing() {
    let allocations = allocations_of(async || {
        let node = Node::builder().service(Adder::default()).start().await.unwrap();
        let adder = node.client::<AdderClient>();
        (node, adder)
    });
    assert_eq!(allocations, 0, "in {CALLS} calls");
}

#[test]
fn a_call_to_an_idle_spawned_service_allocates_nothing() {
    let allocations = allocations_of(async || {
        let node = Node::builder().start().await.unwrap();
        let pid = node.spawn(Adder::default()).await.unwrap();
        let adder = node.select::<AdderClient>().pid(pid).client();
        (node, adder)
    });
    assert_eq!(allocations, 0, "in {CALLS} calls");
}
