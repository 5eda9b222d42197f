//! Replicated services over an etcd that is killed, or stands still, for longer than leases last.

#![allow(missing_docs, missing_debug_implementations, reason = "the names of test services say it all")]

use ember::{Replicated, Role, prelude::*, registry::Etcd};
use ember_tests::{etcd_process::EtcdProcess, wait::eventually};
use tokio::time::{Duration, Instant};

const LEASE: Duration = Duration::from_secs(3);
/// Longer than two leases.
const AWAY: Duration = Duration::from_secs(7);

#[message]
#[derive(Default)]
pub struct Sum(u64);

#[service(elected)]
#[derive(Default)]
pub struct Ledger;

impl Replicated for Ledger {
    type State = Sum;
    type Entry = u64;
    type Output = u64;

    fn apply(state: &mut Sum, amount: &u64) -> u64 {
        state.0 += amount;
        state.0
    }
}

#[rpc]
impl Ledger {
    #[rpc(timeout = "10s")]
    pub async fn rpc_pay(&mut self, cx: &mut Cx<'_, Self>, amount: u64) -> u64 {
        cx.commit(amount)
    }

    #[rpc(read)]
    pub async fn rpc_sum(&self, cx: &mut Cx<'_, Self>) -> u64 {
        cx.state().0
    }
}

async fn node(etcd: &EtcdProcess, name: &str) -> Node {
    let builder = Node::builder().name(name).registry(Etcd::new([etcd.address()])).lease(LEASE);
    builder.service(Ledger).start().await.expect("a node")
}

/// The pid and the epoch of the master, as this node sees it.
fn master(node: &Node) -> Option<(Pid, Option<Epoch>)> {
    let view = node.view();
    let master = view.instances().iter().find(|it| it.role() == Some(Role::Master))?;
    Some((master.pid(), master.epoch()))
}

/// Pays one after the other for so long; how often.
async fn pays(node: &Node, time: Duration) -> u64 {
    let (begun, mut paid) = (Instant::now(), 0);
    while begun.elapsed() < time {
        node.client::<LedgerClient>().rpc_pay(1).await.expect("the master acts");
        paid += 1;
    }
    paid
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_master_whose_group_answers_acts_on_while_etcd_is_killed_or_stands_still() {
    let mut etcd = EtcdProcess::start();
    let nodes = [node(&etcd, "a").await, node(&etcd, "b").await, node(&etcd, "c").await];
    let mut paid = 1;
    nodes[0].client::<LedgerClient>().rpc_pay(1).await.expect("a master");
    for other in &nodes {
        eventually("all to have the state", async || {
            (other.local::<Ledger>().rpc_sum().await.ok() == Some(paid)).then_some(())
        })
        .await;
    }
    // The set has all of them when the last commits need the acknowledgement of each.
    paid += pays(&nodes[0], LEASE).await;
    let before = master(&nodes[0]).expect("a master");
    for freezes in [false, true] {
        if freezes {
            etcd.freeze()
        } else {
            etcd.stop()
        }
        paid += pays(&nodes[0], AWAY).await;
        if freezes {
            etcd.thaw()
        } else {
            etcd.start_again()
        }
        paid += pays(&nodes[0], AWAY).await;
        // For an etcd that stood still the leases are over when it goes on: then another is elected, and calls wait for that.
        assert!(freezes || master(&nodes[0]) == Some(before), "it keeps its office");
    }
    assert_eq!(nodes[0].client::<LedgerClient>().rpc_sum().await.expect("the master"), paid);
    for node in nodes {
        node.shutdown().await.expect("in order");
    }
}
