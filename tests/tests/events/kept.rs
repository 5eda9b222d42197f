//! The last value of a publisher, for subscribers to come.
// tidy: virtual time

use std::sync::{Arc, Mutex};

use ember::{Missed, prelude::*, testing::Cluster};
use ember_tests::log::Log;
use fastrand::Rng;
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

/// What one run of a service was given: values, whether from before its subscription, and how many it has missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Given {
    Value(u64, bool),
    Missed(u64),
}

type Runs = Arc<Mutex<Vec<Vec<Given>>>>;

#[message(event)]
pub struct Tide(u64);

/// Which of the runs it is, and what they are given.
#[service]
pub struct Buoy(usize, Runs);

impl Buoy {
    fn add(&self, given: Given) {
        self.1.lock().unwrap()[self.0].push(given);
    }
}

#[rpc]
impl Buoy {
    #[on(event, retain)]
    fn tide(&mut self, cx: &mut Cx<'_, Self>, event: &Tide) {
        self.add(Given::Value(event.0, cx.event().expect("it is an event").retained));
    }

    #[on(missed)]
    fn gap(&mut self, missed: &Missed) {
        self.add(Given::Missed(missed.count.unwrap_or(0)));
    }
}

/// Whether that can be: nothing twice, nothing older after what is newer, and no gap but before one from before an interest. Its last value.
fn judge_run(given: &[Given]) -> Result<u64, String> {
    let mut last: Option<u64> = None;
    for one in given {
        last = match (*one, last) {
            (Given::Value(value, true), None) | (Given::Value(value, false), None) => Some(value),
            (Given::Value(value, true), Some(last)) if value > last => Some(value),
            (Given::Value(value, false), Some(last)) if value == last + 1 => Some(value),
            (Given::Missed(count), last) => last.map(|last| last + count),
            (wrong, last) => return Err(format!("{wrong:?} after {last:?}")),
        };
    }
    Ok(last.unwrap_or(0))
}

#[test]
fn a_service_that_is_started_again_and_again_amid_events_always_comes_to_the_last_value() {
    for seed in 0..4 {
        let runs = Runs::default();
        let all = Arc::clone(&runs);
        let cluster = Cluster::seed(seed).limit(ms(600_000)).node("ada", |node| node).node("bob", |node| node);
        cluster.run(move |sim| async move {
            sim.settled().await;
            let (mut rng, mut published, mut buoy) = (Rng::with_seed(seed), 0, None);
            for _ in 0..40 {
                match rng.u8(0..10) {
                    0..4 => {
                        let count = rng.u64(1..6);
                        let values = published + 1..=published + count;
                        published += count;
                        let done = sim.on("ada", async move |node: Node| {
                            values.for_each(|value| drop(node.publish_to(Scope::Cluster, Tide(value))));
                        });
                        done.await.unwrap();
                    }
                    4..8 => {
                        if let Some(pid) = buoy.take() {
                            sim.on("bob", async move |node: Node| node.stop(pid)).await.unwrap();
                        }
                        sleep(ms([0, 0, 1, 20, 300][rng.usize(0..5)])).await;
                        let (which, runs) = (runs.lock().unwrap().len(), Arc::clone(&runs));
                        runs.lock().unwrap().push(Vec::new());
                        let spawned =
                            sim.on("bob", async move |node: Node| node.spawn(Buoy(which, runs)).await.unwrap());
                        buoy = Some(spawned.await.unwrap());
                    }
                    8 => {
                        sim.partition("ada", "bob");
                        sleep(ms(rng.u64(1..2_500))).await;
                        sim.heal("ada", "bob");
                    }
                    _ => sim.restart("bob").await.map(|()| buoy = None).unwrap(),
                }
                if rng.bool() {
                    sleep(ms(rng.u64(0..200))).await;
                }
                let is_there = || {
                    let runs = runs.lock().unwrap();
                    judge_run(&runs[runs.len() - 1]).is_ok_and(|last| last == published)
                };
                if buoy.is_some() && published > 0 && rng.bool() {
                    until("the last value", is_there).await;
                }
            }
        });
        let runs = all.lock().unwrap();
        for (which, given) in runs.iter().enumerate() {
            judge_run(given).unwrap_or_else(|why| panic!("seed {seed}, run {which}: {why}, of {given:?}"));
        }
    }
}
