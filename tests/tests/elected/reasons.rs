//! What callers are told where the one that they want is not there.

use std::time::Duration;

use ember::{RefusedReason, prelude::*, testing::Cluster};

use super::{Ledger, LedgerClient, World, master, pay};

/// Becomes no master, ever.
#[service(elected)]
pub struct Unfit;

#[rpc]
impl Unfit {
    #[on(master)]
    async fn lead(&mut self) -> ember::Result<()> {
        Err(ember::Error::other("its disk is full"))
    }

    pub async fn rpc_act(&mut self) {}
}

fn reason<T: std::fmt::Debug, E: std::fmt::Debug>(outcome: Result<T, CallError<E>>) -> RefusedReason {
    match outcome {
        Err(CallError::NotExecuted(refused)) => refused.reason().clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn who_has_named_nobody_is_told_that_there_is_no_master() {
    let world = World::default();
    world.cluster(50).run(async move |sim| {
        sim.settled().await;
        assert_eq!(pay(&sim, 1).await, Ok(1));
        let (first, _) = master(&sim, "caller", None).await;
        sim.registry_down();
        assert!(sim.on(&first, |node| async move { node.hand_over(node.services()[0]) }).await.unwrap());
        let told = sim.on("caller", |node| async move {
            reason(node.client::<LedgerClient>().rpc_pay(1).timeout(Duration::from_secs(1)).await)
        });
        let told = told.await.unwrap();
        assert!(matches!(told, RefusedReason::NoMaster(_)), "{told:?}");
    });
    let cluster = Cluster::seed(51).node("caller", |node| node).node("a", |node| node.service(Unfit));
    cluster.node("b", |node| node.service(Unfit)).run(async move |sim| {
        sim.settled().await;
        for millis in [1_000, 3_000, 10_000] {
            let told = sim.on("caller", move |node| async move {
                reason(node.client::<UnfitClient>().rpc_act().timeout(Duration::from_millis(millis)).await)
            });
            let told = told.await.unwrap();
            assert!(matches!(told, RefusedReason::NoMaster(_)), "after {millis} ms: {told:?}");
        }
    });
}

#[test]
fn a_slave_that_is_named_by_its_node_says_at_once_who_is_the_master() {
    let world = World::default();
    world.cluster(52).run(async move |sim| {
        sim.settled().await;
        assert_eq!(pay(&sim, 1).await, Ok(1));
        let (first, _) = master(&sim, "caller", None).await;
        let slave = if first == "a" { "b" } else { "a" };
        let begun = sim.elapsed();
        let told = sim.on(slave, |node| async move { reason(node.local::<Ledger>().rpc_pay(1).await) }).await.unwrap();
        assert!(matches!(told, RefusedReason::NotMaster { master: Some(_), .. }), "{told:?}");
        assert!(sim.elapsed() - begun < Duration::from_secs(1), "{:?}", sim.elapsed() - begun);
    });
}

#[test]
fn where_there_is_no_slave_whoever_wants_one_hears_that_at_once() {
    let world = World::default();
    let alone = Cluster::seed(53).node("caller", |node| node);
    alone.node("a", move |node| node.service(world.ledger("a"))).run(async move |sim| {
        sim.settled().await;
        assert_eq!(pay(&sim, 1).await, Ok(1));
        let begun = sim.elapsed();
        let told = sim.on("caller", |node| async move {
            let slaves = node.select::<LedgerClient>().slaves_only().client();
            [reason(slaves.rpc_told().await), reason(slaves.rpc_pay(1).await)]
        });
        for told in told.await.unwrap() {
            assert!(matches!(&told, RefusedReason::NoTarget(why) if why.contains("there is no slave")), "{told:?}");
        }
        assert!(sim.elapsed() - begun < Duration::from_secs(1), "{:?}", sim.elapsed() - begun);
    });
}
