//! A master that vanishes from the registry, alone or with many others.
// tidy: virtual time

use tokio::time::sleep;

use super::*;

const NODES: [&str; 5] = ["caller", "a", "b", "c", "d"];

/// After which time the caller sees another master, when the registry gives up the first, and with it so many others, all at once; nobody reaches any of them.
fn another_after(others: usize) -> Duration {
    let world = World::default();
    let cluster = NODES[1..].iter().fold(Cluster::seed(43).node("caller", |node| node), |cluster, name| {
        let world = world.clone();
        cluster.node(name, move |node| node.service(world.ledger(name)))
    });
    cluster.run(async move |sim| {
        assert_eq!(pay(&sim, 1).await, Ok(1));
        let (first, _) = master(&sim, "caller", None).await;
        let master_first = [first.as_str()].into_iter().chain(NODES[1..].iter().copied().filter(|name| *name != first));
        let lost: Vec<_> = master_first.take(1 + others).collect();
        for gone in &lost {
            NODES.iter().filter(|name| !lost.contains(name)).for_each(|other| sim.partition(gone, other));
            sim.partition(gone, "registry");
        }
        sleep(Duration::from_secs(3)).await;
        lost.iter().for_each(|gone| sim.expire_lease(gone));
        let begun = sim.elapsed();
        master(&sim, "caller", Some(&first)).await;
        let took = sim.elapsed() - begun;
        assert_eq!(pay(&sim, 1).await, Ok(2));
        took
    })
}

#[test]
fn a_master_is_followed_at_once_and_three_seconds_later_where_many_vanish_with_it() {
    let [alone, with_another] = [0, 1].map(another_after);
    assert!(alone < Duration::from_millis(500), "{alone:?}");
    assert!((Duration::from_secs(3)..Duration::from_millis(3_500)).contains(&with_another), "{with_another:?}");
}
