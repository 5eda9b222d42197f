//! Where the members of a group are that has more instances than members: on different hosts first, then with the fewest tags in common.

use std::path::Path;

use ember::net::Endpoint;
use ember_tests::wait::within;

use super::*;

/// Of racks 1 and 2.
fn ledger(rack: u8) -> Hosted<Ledger> {
    Hosted::new(Ledger::default()).replicas(2).tag("rack", rack)
}

/// Whether the instance of this node shows what was paid.
async fn shows(node: &Node) -> bool {
    node.local::<Ledger>().rpc_balance(1).timeout(Duration::from_millis(200)).await == Ok(1)
}

#[test]
fn of_instances_on_different_hosts_those_with_other_tags_are_members() {
    // Whoever is the master, and whoever would come next by pid: in one of these both are of one rack.
    for [a, b, c, d] in [[1, 1, 2, 2], [1, 2, 1, 2], [1, 2, 2, 1]] {
        let nodes = [("a", a), ("b", b), ("c", c), ("d", d)];
        let cluster = Cluster::seed(80).node("caller", |node| node);
        let cluster = nodes
            .into_iter()
            .fold(cluster, |cluster, (name, rack)| cluster.node(name, move |node| node.service(ledger(rack))));
        cluster.run(async move |sim| {
            assert_eq!(pay(&sim, 1, 1).await, 1);
            let mut racks = Vec::new();
            while racks.len() < 2 {
                racks.clear();
                for (name, rack) in nodes {
                    let shows = sim.on(name, async move |node: Node| shows(&node).await).await.unwrap();
                    racks.extend(shows.then_some(rack));
                }
            }
            racks.sort_unstable();
            assert_eq!(racks, [1, 2], "{nodes:?}");
        });
    }
}

/// Two of these listen on the loopback interface, and two in a folder: two hosts, as far as addresses say.
fn builder(cluster: &ember_tests::cluster::Cluster, name: &str, folder: Option<&Path>) -> NodeBuilder {
    let node = cluster.node(name);
    match folder {
        Some(folder) => node.listen(Endpoint::Unix(folder.join(name))),
        None => node,
    }
}

#[cfg(unix)]
#[tokio::test]
async fn one_on_another_host_and_with_other_tags_is_the_other_member_whoever_is_the_master() {
    let (cluster, folder) = (ember_tests::cluster::Cluster::default(), tempfile::tempdir().unwrap());
    let mut nodes = Vec::new();
    for (name, is_apart, rack) in [("a", false, 1), ("b", false, 2), ("c", true, 1), ("d", true, 2)] {
        let builder = builder(&cluster, name, is_apart.then_some(folder.path()));
        nodes.push((builder.service(ledger(rack)).start().await.unwrap(), is_apart, rack));
    }
    let paid = nodes[0].0.client::<LedgerClient>().rpc_pay(1, 1).timeout(Duration::from_secs(30)).await;
    assert_eq!(paid, Ok(1));
    let mut members = Vec::new();
    let both = async {
        while members.len() < 2 {
            members.clear();
            for (node, is_apart, rack) in &nodes {
                members.extend(shows(node).await.then_some((*is_apart, *rack)));
            }
        }
    };
    within("two members", both).await;
    assert!(members[0].0 != members[1].0 && members[0].1 != members[1].1, "{members:?}");
    for (node, ..) in nodes {
        node.shutdown().await.unwrap();
    }
}
