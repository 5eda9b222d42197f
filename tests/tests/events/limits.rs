//! Nodes that do not take messages of the same size.
// tidy: virtual time

use ember::{Missed, UnconfirmedReason, prelude::*, testing::Cluster};
use ember_tests::{log::Log, logged::Logged};
use tokio::time::{sleep, timeout};

use super::listeners::{ms, until};

/// What the smaller of the two nodes takes.
const SMALL: usize = 16 * 1024;

#[message(event)]
pub struct Parcel(u64, String);

/// One that is given the last parcel first.
#[message(event)]
pub struct Shelved(u64, String);

#[service]
#[derive(Default)]
pub struct Cellar(Log);

#[rpc]
impl Cellar {
    #[on(event)]
    fn parcel(&mut self, event: &Parcel) {
        self.0.say(event.0.to_string());
    }

    #[on(missed)]
    fn gap(&mut self, missed: &Missed) {
        self.0.say(format!("{:?} {:?}", missed.count, missed.why));
    }
}

#[service]
#[derive(Default)]
pub struct Shelf(Log);

#[rpc]
impl Shelf {
    #[on(event, retain)]
    fn shelved(&mut self, cx: &mut Cx<'_, Self>, event: &Shelved) {
        let kept = cx.event().is_some_and(|source| source.retained);
        self.0.say(format!("shelved {}{}", event.0, if kept { " kept" } else { "" }));
    }
}

fn text(bytes: usize) -> String {
    "x".repeat(bytes)
}

/// Runs with a node that takes larger messages than the other, which has a cellar.
fn two(seed: u64, log: &Log, body: impl AsyncFnOnce(ember::testing::Sim) + 'static) {
    let log = log.clone();
    let cluster = Cluster::seed(seed).limit(ms(120_000)).node("ada", |node| node);
    let cluster = cluster.node("bob", move |node| node.max_message(SMALL).service(Cellar(log.clone())));
    cluster.run(move |sim| async move {
        let knows = sim.on("ada", async |node: Node| {
            let knows = async {
                while node.event_reach::<Parcel>(Scope::Cluster).nodes() != 1 {
                    sleep(ms(5)).await;
                }
            };
            timeout(ms(20_000), knows).await.is_ok()
        });
        assert!(knows.await.unwrap());
        body(sim).await;
    });
}

#[test]
fn a_batch_that_fits_here_and_not_there_goes_in_parts_and_what_is_too_large_is_missed_in_its_place() {
    for seed in 0..4 {
        let log = Log::default();
        let told = log.clone();
        two(seed, &log, async move |sim| {
            // All of it waits: the first batch is 256 of them, more than three times what fits.
            sim.pause("bob");
            let published = sim.on("ada", async |node: Node| {
                for value in 1..=600 {
                    let bytes = if [300, 600].contains(&value) { SMALL + 1 } else { 200 };
                    let _receipt = node.publish_to(Scope::Cluster, Parcel(value, text(bytes)));
                }
            });
            published.await.unwrap();
            sim.resume("bob");
            until("all", || told.lines().len() == 600).await;
            let confirmed = sim.on("ada", async |node: Node| {
                let large = node.publish_to(Scope::Cluster, Parcel(601, text(SMALL + 1)));
                let small = node.publish_to(Scope::Cluster, Parcel(602, text(1)));
                (large.confirmed().await, small.confirmed().await.is_ok())
            });
            let (large, small) = confirmed.await.unwrap();
            assert_eq!((large.unwrap_err().nodes[0].1, small), (UnconfirmedReason::NotSent, true), "seed {seed}");
            until("the last", || told.lines().len() == 602).await;
        });
        let expected = (1..=602_u64).map(|value| match value {
            300 | 600 | 601 => "Some(1) NotSent".to_owned(),
            value => value.to_string(),
        });
        assert_eq!(log.lines(), expected.collect::<Vec<_>>(), "seed {seed}");
    }
}

#[test]
fn a_last_event_that_is_too_large_for_another_node_holds_nothing_up() {
    for seed in 0..4 {
        let log = Log::default();
        let told = log.clone();
        two(seed, &log, async move |sim| {
            let publish = async |value: u64, bytes: usize| {
                let published = sim.on("ada", async move |node: Node| {
                    let _receipt = node.publish_to(Scope::Cluster, Shelved(value, text(bytes)));
                });
                published.await.unwrap();
            };
            publish(1, SMALL + 1).await;
            let shelf = told.clone();
            sim.on("bob", async move |node: Node| node.spawn(Shelf(shelf)).await.unwrap()).await.unwrap();
            let reached = sim.on("ada", async |node: Node| {
                while node.event_reach::<Shelved>(Scope::Cluster).nodes() != 1 {
                    sleep(ms(5)).await;
                }
            });
            reached.await.unwrap();
            publish(2, 10).await;
            until("what comes next", || told.lines() == ["shelved 2"]).await;
            let parcel = sim.on("ada", async |node: Node| {
                node.publish_to(Scope::Cluster, Parcel(1, text(10))).confirmed().await.is_ok()
            });
            assert!(parcel.await.unwrap(), "seed {seed}");
            let shelf = told.clone();
            sim.on("bob", async move |node: Node| node.spawn(Shelf(shelf)).await.unwrap()).await.unwrap();
            until("the last one that fits", || told.lines() == ["shelved 2", "1", "shelved 2 kept"]).await;
        });
    }
}

#[test]
fn what_is_too_large_to_leave_is_an_error_that_says_what_to_do_and_its_loss_is_logged_where_no_hook_is_told() {
    let logged = Logged::here();
    let (cellar, shelf) = (Log::default(), Log::default());
    let told = cellar.clone();
    let cluster = Cluster::seed(1).limit(ms(60_000)).node("ada", |node| node.max_message(SMALL));
    let bob = move |node: NodeBuilder| node.service(Cellar(cellar.clone())).service(Shelf(shelf.clone()));
    cluster.node("bob", bob).run(move |sim| async move {
        let published = sim.on("ada", async |node: Node| {
            let is_known = || {
                node.event_reach::<Parcel>(Scope::Cluster).nodes() + node.event_reach::<Shelved>(Scope::Cluster).nodes()
            };
            while is_known() != 2 {
                sleep(ms(5)).await;
            }
            let _missed = node.publish_to(Scope::Cluster, Parcel(1, text(SMALL / 2)));
            let _missed = node.publish_to(Scope::Cluster, Shelved(1, text(SMALL / 2)));
            let fits = node.publish_to(Scope::Cluster, Parcel(2, text(SMALL / 2 - 100))).confirmed().await;
            (fits.is_ok(), node.publish_to(Scope::Cluster, Shelved(2, text(1))).confirmed().await.is_ok())
        });
        assert_eq!(published.await.unwrap(), (true, true));
        until("what fits", || told.lines() == ["Some(1) NotSent", "2"]).await;
    });
    let said = |what: &str| logged.lines().into_iter().filter(|line| line.contains(what)).collect::<Vec<_>>();
    let errors = said("cannot be written");
    assert!(errors.len() == 2 && errors[0].contains("half of `max_message`: raise"), "{errors:?}");
    let warnings = said("events are missed");
    assert!(warnings.len() == 1, "the other one has a hook: {warnings:?}");
    assert!(warnings[0].contains("shelved") && warnings[0].contains("too large"), "{warnings:?}");
}
