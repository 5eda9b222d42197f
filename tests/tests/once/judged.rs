//! Before the judge, with ids and without.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use ember::testing::{
    Cluster,
    prove::{Kind, model, prove},
};
use ember_tests::simulation::scale;

use super::{Bank, BankClient};

#[test]
fn before_the_judge_a_payment_is_made_once_and_what_links_lose_is_had_again() {
    let bank = |seed| {
        let node = |node: ember::NodeBuilder| node.service(Bank::default());
        Cluster::seed(seed).node("ada", |node| node).node("bob", |node| node).node("vault", node)
    };
    let proof = |with_ids: bool| {
        let sum = model(0, |sum: &mut u64, gold: &u64| {
            *sum += gold;
            *sum
        });
        prove(bank)
            .model(sum)
            .workload(move |user| async move {
                while user.turn().await {
                    static IDS: AtomicU64 = AtomicU64::new(1);
                    let (gold, id) = (user.below(3) as u64, IDS.fetch_add(1, Ordering::Relaxed));
                    let call = user.node().client::<BankClient>().rpc_pay(gold).timeout(Duration::from_secs(20));
                    let _told =
                        if with_ids { user.call(gold, call.once(id)).await } else { user.call(gold, call).await };
                }
            })
            .from(&["ada", "bob"])
            .only(&[Kind::Partition, Kind::OneWay])
            .deadline(Duration::from_secs(20))
            .clients(2)
            .calls(20)
            .seeds(4 * scale())
            .run()
    };
    let (with, without) = (proof(true), proof(false));
    println!("{with}\n{without}");
    // Fewer, not none: a run that is not in the view any more is not asked.
    assert!(without.maybe_executed > 4 && with.maybe_executed * 4 < without.maybe_executed, "{with}\n{without}");
}
