//! What a service that is started again after a panic is given: what waits in its mailbox, and the last value.
// tidy: virtual time

use ember::{prelude::*, testing::Cluster};
use ember_tests::log::Log;
use tokio::time::sleep;

use super::listeners::{ms, until};

#[message(event)]
pub struct Mark(u64);

#[service]
pub struct Board(Log);

#[rpc]
impl Board {
    #[on(start)]
    async fn begin(&mut self) {
        self.0.say("begins");
    }

    #[on(event, retain)]
    fn mark(&mut self, cx: &mut Cx<'_, Self>, event: &Mark) {
        let kept = cx.event().is_some_and(|source| source.retained);
        self.0.say(format!("{}{}", event.0, if kept { " kept" } else { "" }));
    }

    /// Holds up what comes meanwhile, and panics.
    pub async fn rpc_fail(&mut self) {
        sleep(ms(1_000)).await;
        panic!("as it was told");
    }
}

/// What was heard of the node whose values are in this hundred.
fn of(lines: &[String], hundred: char) -> Vec<&str> {
    lines.iter().map(String::as_str).filter(|line| line.starts_with(hundred) || *line == "begins").collect()
}

#[test]
fn what_waits_in_the_mailbox_over_a_restart_comes_once_and_the_last_value_only_if_it_is_another() {
    for seed in 0..8 {
        // Whether others hear that nobody asks any more, and whether something is published meanwhile.
        let (is_long, is_news) = (seed % 2 == 1, seed % 4 > 1);
        let log = Log::default();
        let (told, heard) = (log.clone(), log.clone());
        let board = move |node: NodeBuilder| {
            let (log, pause) = (log.clone(), ms(if is_long { 2_000 } else { 1 }));
            node.service(Hosted::with(move || Board(log.clone())).back_off(pause, pause))
        };
        let cluster = Cluster::seed(seed).limit(ms(60_000)).node("ada", |node| node).node("bob", board);
        cluster.run(move |sim| async move {
            let publish = async |value: u64| {
                for (node, more) in [("ada", 100), ("bob", 200)] {
                    let published = sim.on(node, async move |node: Node| {
                        node.publish_to(Scope::Cluster, Mark(value + more)).confirmed().await.is_ok()
                    });
                    assert!(published.await.unwrap());
                }
            };
            let knows = sim.on("ada", async |node: Node| {
                while node.event_reach::<Mark>(Scope::Cluster).nodes() != 1 {
                    sleep(ms(5)).await;
                }
            });
            knows.await.unwrap();
            publish(1).await;
            let failed = sim.on("bob", async |node: Node| {
                tokio::spawn(async move { node.client::<BoardClient>().rpc_fail().await.is_err() });
            });
            failed.await.unwrap();
            sleep(ms(100)).await;
            publish(2).await;
            publish(3).await;
            if is_news {
                sleep(ms(1_000)).await;
                publish(4).await;
            }
            until("it begins again", || told.lines().iter().filter(|line| *line == "begins").count() == 2).await;
            sleep(ms(2_000)).await;
            publish(5).await;
            until("what comes then", || told.lines().iter().filter(|line| line.ends_with("05")).count() == 2).await;
        });
        let lines = heard.lines();
        for hundred in ['1', '2'] {
            let value = |value: u64| format!("{hundred}0{value}");
            let (mut expected, is_kept) = (vec![value(1), "begins".into(), value(2), value(3)], is_long && is_news);
            expected.extend(is_news.then(|| format!("{}{}", value(4), if is_kept { " kept" } else { "" })));
            expected.push(value(5));
            assert_eq!(of(&lines, hundred)[1..], expected, "seed {seed}: {lines:?}");
        }
    }
}
