//! Many groups: their masters are spread over the nodes, by who holds the fewest.
// tidy: virtual time

use std::collections::BTreeMap;

use tokio::time::sleep;

use super::*;

#[service(elected)]
#[derive(Default)]
pub struct Clerk;

#[rpc]
impl Clerk {
    pub async fn rpc_none(&self) {}
}

const GROUPS: usize = 12;
const NODES: [&str; 4] = ["a", "b", "c", "d"];

/// Four nodes that have a clerk of each group, and one that looks on.
fn clerks(seed: u64) -> Cluster {
    NODES.into_iter().fold(Cluster::seed(seed).node("caller", |node| node), |cluster, name| {
        cluster.node(name, |node| {
            (0..GROUPS).fold(node, |node, group| node.service(Hosted::with(Clerk::default).id(format!("{group:02}"))))
        })
    })
}

/// Which group has its master on which node, when each has one that the caller sees.
async fn masters(sim: &Sim) -> BTreeMap<String, String> {
    let seen = sim.on("caller", |node| async move {
        let mut masters = BTreeMap::new();
        node.wait_for_view(|view| {
            let all = view.instances().iter().filter(|it| it.role() == Some(Role::Master) && it.is_reachable());
            masters = all.map(|it| (it.identity().id.to_string(), it.node().name.clone())).collect();
            masters.len() == GROUPS
        })
        .await;
        masters
    });
    seen.await.unwrap()
}

/// How many each node has.
fn counts(masters: &BTreeMap<String, String>) -> BTreeMap<&str, usize> {
    let mut counts = NODES.into_iter().map(|name| (name, 0)).collect::<BTreeMap<&str, usize>>();
    for on in masters.values() {
        *counts.get_mut(on.as_str()).unwrap() += 1;
    }
    counts
}

#[test]
fn an_office_goes_to_the_node_that_holds_the_fewest() {
    for seed in 0..3 {
        clerks(seed).run(async move |sim| {
            sim.settled().await;
            // From whoever has the most, until nobody has more than a quarter.
            for _ in 0..=GROUPS {
                let now = masters(&sim).await;
                let counts = counts(&now);
                let (most, count) = counts.iter().max_by_key(|(_, count)| **count).unwrap();
                if *count == GROUPS / NODES.len() {
                    return;
                }
                let fewest = *counts.values().min().unwrap();
                let group = now.iter().find(|(_, on)| on == most).unwrap().0.clone();
                let of = group.clone();
                let handed = sim.on(most, move |node| async move {
                    let own = node.list::<Clerk>().into_iter().find(|it| it.identity().id == of).unwrap();
                    node.hand_over(own.pid())
                });
                assert!(handed.await.unwrap());
                // All nodes have heard of it before the next one.
                sleep(Duration::from_secs(1)).await;
                let after = masters(&sim).await;
                let next = after[&group].as_str();
                assert_eq!(counts[next], fewest, "seed {seed}: {group} went to {next}, of {counts:?}");
            }
            panic!("seed {seed}: {:?}", counts(&masters(&sim).await));
        });
    }
}

#[test]
fn the_offices_of_a_node_that_is_killed_are_spread_over_all_others() {
    clerks(4).run(async move |sim| {
        sim.settled().await;
        let before = masters(&sim).await;
        let (most, lost) = counts(&before).into_iter().max_by_key(|(_, count)| *count).unwrap();
        assert!(lost >= 3, "{before:?}");
        sim.kill(most).await;
        sim.settled().await;
        let after = masters(&sim).await;
        let counts = counts(&after);
        let held: Vec<_> = NODES.iter().filter(|name| **name != most).map(|name| counts[name]).collect();
        assert!(held.iter().all(|count| (2..=7).contains(count)), "{counts:?} after {before:?}");
    });
}
