//! The replies that a master has stored, and the next one, which knows none of them.
// tidy: virtual time

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use ember::{
    LostReason,
    prelude::*,
    testing::{Cluster, Sim},
};
use ember_tests::{cluster::lost, simulation::scale};
use tokio::time::sleep;

#[service(elected, name = "vault")]
pub struct Vault {
    effects: Arc<AtomicU64>,
}

#[rpc]
impl Vault {
    #[rpc(dedupe = "60s", timeout = "40s")]
    pub async fn rpc_pay(&mut self, seconds: u64) -> u64 {
        let paid = self.effects.fetch_add(1, Ordering::SeqCst) + 1;
        sleep(Duration::from_secs(seconds)).await; // tidy: sleep: virtual time that a handler takes
        paid
    }
}

/// A cluster in which `ada` calls an elected service.
fn one_and_two(seed: u64, effects: &Arc<AtomicU64>) -> Cluster {
    ["one", "two"].into_iter().fold(Cluster::seed(seed).node("ada", |node| node), |cluster, name| {
        let effects = Arc::clone(effects);
        cluster.node(name, move |node| node.service(Vault { effects: Arc::clone(&effects) }))
    })
}

#[test]
fn a_call_that_a_master_may_have_executed_is_not_made_to_the_next_one() {
    for seed in 0..3 * scale() {
        let effects = Arc::<AtomicU64>::default();
        one_and_two(seed, &effects).run(move |sim| async move {
            sim.settled().await;
            let call = |seconds, id| {
                sim.on("ada", move |node| async move { node.client::<VaultClient>().rpc_pay(seconds).once(id).await })
            };
            assert_eq!(call(0, 1).await.unwrap().unwrap(), 1);
            let master = master(&sim).await;
            let slow = call(3, 2);
            while effects.load(Ordering::SeqCst) == 1 {
                sleep(Duration::from_millis(1)).await;
            }
            // Cut off from all, also from the registry: another takes over.
            let others = ["ada", "one", "two", "registry"].into_iter().filter(|other| *other != master);
            others.clone().for_each(|other| sim.partition(&master, other));
            let told = lost(slow.await.unwrap());
            assert!(matches!(told, LostReason::LinkLost(_) | LostReason::Deposed { .. }), "{told}");
            assert_eq!(effects.load(Ordering::SeqCst), 2);
            assert_eq!(call(0, 3).await.unwrap().unwrap(), 3, "the next master");
            others.for_each(|other| sim.heal(&master, other));
        });
    }
}

/// The node whose `Vault` is the master now, as `ada` sees it.
async fn master(sim: &Sim) -> String {
    sim.on("ada", |node| async move {
        let view = node.view();
        let of = view.instances().iter().find(|it| it.role() == Some(ember::Role::Master));
        of.map(|it| it.node().name.to_string()).unwrap()
    })
    .await
    .unwrap()
}

#[test]
fn what_a_master_has_stored_counts_no_more_when_another_has_acted_since() {
    for seed in 0..3 * scale() {
        let effects = Arc::<AtomicU64>::default();
        one_and_two(seed, &effects).run(move |sim| async move {
            sim.settled().await;
            let call = |seconds, id| {
                sim.on("ada", move |node| async move { node.client::<VaultClient>().rpc_pay(seconds).once(id).await })
            };
            assert_eq!(call(0, 1).await.unwrap().unwrap(), 1);
            let former = master(&sim).await;
            let slow = call(1, 2);
            while effects.load(Ordering::SeqCst) == 1 {
                sleep(Duration::from_millis(1)).await;
            }
            // It keeps its lease, stores its reply, and is the slave of the next one.
            sim.partition("ada", &former);
            sleep(Duration::from_secs(6)).await;
            sim.on(&former, |node| async move { node.hand_over(node.services()[0]) }).await.unwrap();
            assert_eq!(call(0, 3).await.unwrap().unwrap(), 3, "the next master");
            assert_ne!(master(&sim).await, former);
            sim.heal("ada", &former);
            let told = lost(slow.await.unwrap());
            assert!(matches!(told, LostReason::Deposed { .. }), "{told}");
            assert_eq!(effects.load(Ordering::SeqCst), 3);
        });
    }
}
