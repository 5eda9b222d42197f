//! Between nodes that stay up: nothing is lost, nothing doubled, and nothing sent twice.
// tidy: virtual time

use ember::{UnconfirmedReason, prelude::*, testing::Cluster};
use tokio::time::{sleep, timeout};

use super::listeners::{Ears, Reading, judge, known, ms, publish, until};

/// Three nodes with two listeners each.
fn three(seed: u64, ears: &Ears) -> Cluster {
    let mut cluster = Cluster::seed(seed).limit(ms(120_000));
    for name in ["ada", "bob", "eve"] {
        let ears = ears.clone();
        cluster = cluster.node(name, move |node| {
            let of = |which| ears.listener(&format!("{name} {which}"), 1024);
            node.service(of(1)).service(of(2))
        });
    }
    cluster
}

#[test]
fn every_subscriber_of_the_cluster_gets_each_event_once_in_order_and_each_node_one_copy() {
    for seed in 0..6 {
        let ears = Ears::default();
        let heard = ears.clone();
        three(seed, &ears).run(move |sim| async move {
            for name in ["ada", "bob", "eve"] {
                known(&sim, name, 3).await;
            }
            let mut keys = Vec::new();
            for name in ["ada", "bob", "eve"] {
                keys.push(publish(&sim, name, 1..=100).await);
            }
            for name in ["ada", "bob", "eve"] {
                publish(&sim, name, 101..=200).await;
            }
            until("all events", || heard.names().iter().map(|name| heard.values(name).len()).sum::<usize>() == 6 * 600)
                .await;
            for name in heard.names() {
                let far = judge(&heard.of(&name), false).unwrap_or_else(|why| panic!("seed {seed}, {name}: {why}"));
                assert!(keys.iter().all(|key| far[key] == 200), "seed {seed}, {name}: {far:?}");
            }
            for name in ["ada", "bob", "eve"] {
                let counts = sim.on(name, async |node: Node| node.event_counts()).await.unwrap();
                assert_eq!(
                    (counts.published, counts.encoded, counts.queued),
                    (200, 200, 400),
                    "written once, sent to two nodes"
                );
                assert_eq!((counts.received, counts.missed, counts.dropped), (400, 0, 0), "however many subscribers");
                assert!(counts.batches >= 2 && counts.batches <= 20, "what gathers goes together: {counts:?}");
            }
        });
    }
}

#[test]
fn a_receipt_says_whom_an_event_goes_to_and_confirmed_waits_until_they_have_it() {
    let ears = Ears::default();
    let heard = ears.clone();
    three(3, &ears).run(move |sim| async move {
        known(&sim, "ada", 3).await;
        let (nodes, subscribers, confirmed) = sim
            .on("ada", async |node: Node| {
                let receipt = node.publish_to(Scope::Cluster, Reading(1));
                (receipt.nodes(), receipt.subscribers(), receipt.confirmed().await)
            })
            .await
            .unwrap();
        assert_eq!((nodes, subscribers), (3, 6));
        assert_eq!(confirmed.unwrap().nodes, 3);
        until("the event", || heard.names().len() == 6).await;
        let by = sim.on("bob", async |node: Node| {
            node.select::<super::listeners::ListenerClient>().id("bob 1").client().rpc_publish(1).await
        });
        assert_eq!(by.await.unwrap().unwrap(), (3, 6));
        until("the event of a service", || heard.values("eve 2").len() == 2).await;
        let super::listeners::Heard::Event(1, source) = heard.of("eve 2")[1] else { panic!("it is an event") };
        assert_eq!((source.scope, source.number, source.retained), (Scope::Cluster, 1, false));
        assert_eq!(source.service.map(|pid| pid.node), Some(source.node));
    });
}

#[test]
fn confirmed_says_which_node_was_cut_off_and_whose_mailboxes_were_full() {
    let ears = Ears::default();
    let slow = ears.clone();
    let cluster = Cluster::seed(4).limit(ms(120_000)).node("ada", |node| node);
    let cluster = cluster.node("bob", move |node| node.service(ears.listener("bob", 2)));
    cluster.run(move |sim| async move {
        known(&sim, "ada", 1).await;
        let full = sim.on("ada", async |node: Node| {
            let all: Vec<_> = (1..=9).map(|value| node.publish_to(Scope::Cluster, Reading(value))).collect();
            let mut confirmed = Vec::new();
            for receipt in all {
                confirmed.push(receipt.confirmed().await);
            }
            confirmed
        });
        let full = full.await.unwrap();
        assert!(full[..2].iter().all(Result::is_ok), "{full:?}");
        assert_eq!(full[8].as_ref().unwrap_err().nodes[0].1, UnconfirmedReason::MailboxFull(1));
        until("the gap", || slow.of("bob").len() == 3).await;
        assert_eq!(judge(&slow.of("bob"), false).unwrap().into_values().collect::<Vec<_>>(), [9]);
        sim.partition("ada", "bob");
        let late = sim
            .on("ada", async |node: Node| node.publish_to(Scope::Cluster, Reading(10)).confirmed_within(ms(500)).await);
        assert_eq!(late.await.unwrap().unwrap_err().nodes[0].1, UnconfirmedReason::Late);
        sim.heal("ada", "bob");
        until("the event after the cut", || slow.values("bob").last() == Some(&10)).await;
    });
}

#[message(event)]
pub struct Local(u32);

#[service]
#[derive(Default)]
pub struct Picky(ember_tests::log::Log);

#[rpc]
impl Picky {
    #[on(event, scope = "cluster")]
    fn all(&mut self, event: &Local) {
        self.0.say(format!("cluster {}", event.0));
    }

    #[on(event, scope = "server")]
    fn server(&mut self, cx: &mut Cx<'_, Self>, event: &Local) {
        self.0.say(format!("{} {}", cx.event().map(|it| it.scope.to_string()).unwrap_or_default(), event.0));
    }

    #[on(event)]
    fn any(&mut self, event: &Local) {
        self.0.say(format!("any {}", event.0));
    }
}

#[test]
fn an_event_goes_as_far_as_its_scope_and_to_those_who_take_that() {
    let logs = [(); 3].map(|()| ember_tests::log::Log::default());
    let mut cluster = Cluster::seed(5).limit(ms(60_000));
    for ((name, server), log) in [("ada", 1), ("bob", 1), ("eve", 2)].into_iter().zip(&logs) {
        let log = log.clone();
        cluster = cluster.node(name, move |node| node.server(server).service(Picky(log.clone())));
    }
    let told = logs.clone();
    cluster.run(move |sim| async move {
        let knows = sim.on("ada", async |node: Node| {
            while node.event_reach::<Local>(Scope::Cluster).nodes() != 3
                || node.event_reach::<Local>(Scope::Server(1)).nodes() != 2
            {
                sleep(ms(5)).await;
            }
            let reach = |scope| {
                node.publish_to(
                    scope,
                    Local(match scope {
                        Scope::Service => 0,
                        Scope::Node => 1,
                        Scope::Server(id) => 10 + id,
                        Scope::Cluster => 3,
                    }),
                )
                .nodes()
            };
            [Scope::Node, Scope::Server(1), Scope::Server(2), Scope::Server(7), Scope::Cluster].map(reach)
        });
        assert_eq!(knows.await.unwrap(), [1, 2, 1, 0, 3]);
        until("all of them", || told.iter().map(|log| log.lines().len()).sum::<usize>() == 13).await;
    });
    let sorted = logs.map(|log| {
        let mut lines = log.lines();
        lines.sort();
        lines
    });
    assert_eq!(sorted[0], ["any 1", "any 11", "any 3", "cluster 3", "server 1 11"]);
    assert_eq!(sorted[1], ["any 11", "any 3", "cluster 3", "server 1 11"]);
    assert_eq!(sorted[2], ["any 12", "any 3", "cluster 3", "server 2 12"]);
}

#[test]
fn what_is_wanted_from_later_on_or_no_longer_gets_around_also_where_the_nodes_have_talked_before() {
    for seed in 0..4 {
        let ears = Ears::default();
        let cluster = Cluster::seed(seed).limit(ms(120_000)).node("ada", |node| node);
        let cluster = cluster.node("bob", move |node| node.service(ears.listener("bob", 100)));
        cluster.run(move |sim| async move {
            known(&sim, "ada", 1).await;
            for round in 0..3 {
                let later = sim.on("bob", async |node: Node| node.spawn(Picky::default()).await.unwrap());
                let later = later.await.unwrap();
                let get_around = async |nodes: usize| {
                    let waits = sim.on("ada", async move |node: Node| {
                        // Far sooner than what is wanted is said again.
                        let knows = async {
                            while node.event_reach::<Local>(Scope::Cluster).nodes() != nodes {
                                sleep(ms(5)).await;
                            }
                        };
                        timeout(ms(2_000), knows).await.is_ok()
                    });
                    assert!(waits.await.unwrap(), "seed {seed}, round {round}: {nodes} nodes are never known");
                };
                get_around(1).await;
                assert!(sim.on("bob", async move |node: Node| node.stop(later)).await.unwrap());
                get_around(0).await;
            }
        });
    }
}
