//! Replies that are on their way when their master gives its office up reach callers before those hear of the next master, who would drop them. In the
//! simulation, where it can be said how long they are.
// tidy: virtual time

use std::time::Duration;

use ember::{Node, testing::Sim};
use futures_util::future::join_all;
use tokio::time::sleep;

use super::{LedgerClient, World, master, pay};

const MILLISECOND: Duration = Duration::from_millis(1);

/// How the calls end that `caller` makes, one in a millisecond, while `give_up` is done on the node of the master, from which replies are 30 ms on their
/// way: several times what it takes to elect another and to tell of it.
fn none_is_dropped(seed: u64, give_up: fn(&Node) -> bool) {
    let world = World::default();
    let row = world.database.clone();
    world.cluster(seed).latency(MILLISECOND..=MILLISECOND).run(async move |sim: Sim| {
        sim.settled().await;
        assert_eq!(pay(&sim, 1).await, Ok(1));
        let (first, _) = master(&sim, "caller", None).await;
        sim.latency("caller", &first, 30 * MILLISECOND);
        let calls = sim.on("caller", |node| async move {
            let ledger = node.client::<LedgerClient>();
            let calls = (0..300_u32).map(|number| {
                let call = ledger.rpc_pay(1).timeout(Duration::from_secs(30));
                async move {
                    sleep(number * MILLISECOND).await;
                    call.await
                }
            });
            join_all(calls).await
        });
        sleep(100 * MILLISECOND).await;
        assert!(sim.on(&first, async move |node| give_up(&node)).await.unwrap());
        let ends = calls.await.unwrap();
        let failed: Vec<_> = ends.iter().filter(|end| end.is_err()).collect();
        assert!(failed.is_empty(), "{} of {}, such as {:?}", failed.len(), ends.len(), failed[0]);
        assert_ne!(master(&sim, "caller", None).await.0, first);
        assert_eq!(row.lock().unwrap().balance, 301);
    });
}

#[test]
fn a_reply_that_is_longer_on_its_way_than_an_election_takes_is_not_dropped() {
    none_is_dropped(60, |node| node.hand_over(node.services()[0]));
    none_is_dropped(61, |node| node.pause(node.services()[0]));
}
