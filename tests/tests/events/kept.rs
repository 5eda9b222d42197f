//! The last value of a publisher, for subscribers to come.
// tidy: virtual time

use ember::{prelude::*, testing::Cluster};
use ember_tests::log::Log;
use tokio::time::sleep;

use super::listeners::{ms, until};

#[message(event)]
pub struct Level(u32);

#[service]
#[derive(Default)]
pub struct Gauge(Log);

#[rpc]
impl Gauge {
    #[on(event, retain)]
    fn level(&mut self, cx: &mut Cx<'_, Self>, event: &Level) {
        let source = cx.event().expect("it is an event");
        self.0.say(format!("{}{}", event.0, if source.retained { " kept" } else { "" }));
    }
}

#[service]
#[derive(Default)]
pub struct Plain(Log);

#[rpc]
impl Plain {
    #[on(event)]
    fn level(&mut self, event: &Level) {
        self.0.say(format!("plain {}", event.0));
    }
}

#[test]
fn who_asks_for_it_gets_the_last_value_of_each_publisher_first_and_nobody_else_does() {
    for seed in 0..4 {
        let log = Log::default();
        let told = log.clone();
        let cluster = Cluster::seed(seed).limit(ms(60_000)).node("ada", |node| node);
        cluster.node("bob", |node| node).run(move |sim| async move {
            sim.settled().await;
            let first = sim.on("ada", async |node: Node| {
                let _nobody = node.publish_to(Scope::Cluster, Level(1));
                node.publish_to(Scope::Cluster, Level(2)).nodes()
            });
            assert_eq!(first.await.unwrap(), 0);
            let spawn = |log: Log| {
                sim.on("bob", async move |node: Node| {
                    node.spawn(Plain(log.clone())).await.unwrap();
                    node.spawn(Gauge(log)).await.unwrap();
                })
            };
            spawn(log.clone()).await.unwrap();
            until("the last value", || log.lines() == ["2 kept"]).await;
            let next = sim.on("ada", async |node: Node| {
                node.publish_to(Scope::Cluster, Level(3)).confirmed().await.unwrap().nodes
            });
            assert_eq!(next.await.unwrap(), 1);
            until("the next", || log.lines().len() == 3).await;
            // Its node has it now, for those who come later.
            let later = log.clone();
            sim.on("bob", async move |node: Node| node.spawn(Gauge(later)).await.unwrap()).await.unwrap();
            until("what the node has", || log.lines().len() == 4).await;
            // Said again after a break of the link, it is not given again.
            sim.partition("ada", "bob");
            sim.on("ada", async |_| sleep(ms(4_000)).await).await.unwrap();
            sim.heal("ada", "bob");
            let last = sim.on("ada", async |node: Node| {
                node.publish_to(Scope::Cluster, Level(4)).confirmed_within(ms(20_000)).await.is_ok()
            });
            assert!(last.await.unwrap());
            until("the last", || log.lines().len() == 7).await;
        });
        let lines = told.lines();
        assert_eq!(lines[0], "2 kept", "seed {seed}");
        let mut next = lines[1..3].to_vec();
        next.sort();
        assert_eq!((next, &*lines[3]), (vec!["3".to_owned(), "plain 3".into()], "3 kept"), "seed {seed}");
        assert!(lines[4..].iter().all(|line| line.ends_with('4') || line == "plain 4"), "seed {seed}: {lines:?}");
    }
}

#[test]
fn who_asks_anew_gets_what_was_published_meanwhile_and_nothing_older_after_it() {
    for seed in 0..4 {
        let log = Log::default();
        let told = log.clone();
        let cluster = Cluster::seed(seed).limit(ms(120_000)).node("ada", |node| node);
        cluster.node("bob", |node| node).run(move |sim| async move {
            sim.settled().await;
            let mut gauge = None;
            for value in 1..=6 {
                if let Some(pid) = gauge {
                    sim.on("bob", async move |node: Node| node.stop(pid)).await.unwrap();
                }
                let publish = || {
                    sim.on("ada", async move |node: Node| {
                        let _receipt = node.publish_to(Scope::Cluster, Level(value));
                    })
                };
                // In every other round the news that nobody asks any more gets around before.
                if value % 2 == 0 {
                    sleep(ms(500)).await;
                }
                publish().await.unwrap();
                let log_of = log.clone();
                let spawned = sim.on("bob", async move |node: Node| node.spawn(Gauge(log_of)).await.unwrap());
                gauge = Some(spawned.await.unwrap());
                let is_there = || log.lines().last().is_some_and(|line| line.starts_with(&value.to_string()));
                until("what was published meanwhile", is_there).await;
            }
        });
        let lines = told.lines();
        assert!(lines.is_sorted_by_key(|line| line.as_bytes()[0]), "seed {seed}: {lines:?}");
    }
}
