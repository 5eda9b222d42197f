//! Under faults: what is lost is told, with its count.
// tidy: virtual time

use std::{cell::RefCell, rc::Rc};

use ember::{
    MissedReason, NodeKey,
    prelude::*,
    testing::{Cluster, Sim},
};
use ember_tests::{
    logged::Logged,
    simulation::{scale, seeds},
};
use fastrand::Rng;
use tokio::time::sleep;

use super::listeners::{Ears, Heard, Reading, judge, known, ms, publish, until};

const NODES: [&str; 3] = ["ada", "bob", "eve"];

/// So many runs are part of every test run: two of them with more than waits for a node.
const SEEDS: u64 = 24;

/// One publisher, as far as it has come: the run of its node, and its last number.
type Far = Rc<RefCell<Vec<(NodeKey, u64)>>>;

fn cluster(seed: u64, ears: &Ears) -> Cluster {
    let mut cluster = Cluster::seed(seed).tick(ms(4)).limit(ms(600_000));
    for name in NODES {
        let ears = ears.clone();
        cluster = cluster.node(name, move |node| node.service(ears.listener(name, 300)));
    }
    cluster
}

async fn all_known(sim: &Sim) {
    for name in NODES {
        known(sim, name, 3).await;
    }
}

/// Publishes more of them on a node.
async fn more(sim: &Sim, which: usize, count: u64, far: &Far) {
    let from = far.borrow()[which].1;
    let key = publish(sim, NODES[which], from + 1..=from + count).await;
    far.borrow_mut()[which] = (key, from + count);
}

/// How much is published meanwhile.
#[derive(Clone, Copy)]
enum Load {
    /// So many events at most, four times, of each node that does not stand still.
    Upto(u64),
    /// More than waits for a node, which then stands still.
    TooMuch,
}

/// One fault of a pair, or of a node, and its end.
async fn fault(sim: &Sim, rng: &mut Rng, far: &Far, load: Load) {
    let (a, b) = (rng.usize(0..3), rng.usize(1..3));
    let (a, b) = (NODES[a], NODES[(a + b) % 3]);
    let for_ms = rng.u64(50..9_000);
    match (rng.u8(0..4), load) {
        (2, _) | (_, Load::TooMuch) => sim.pause(a),
        (0, _) => sim.partition(a, b),
        (1, _) => sim.partition_one_way(a, b),
        // Away from the registry too: it leaves the view of the others.
        _ => [b, "registry"].into_iter().for_each(|other| sim.partition(a, other)),
    }
    for _ in 0..4 {
        sleep(ms(for_ms / 4)).await;
        for (which, node) in NODES.into_iter().enumerate() {
            let is_paused = node == a;
            if !is_paused {
                let count = match load {
                    Load::Upto(most) => rng.u64(0..most),
                    Load::TooMuch => 1_200,
                };
                more(sim, which, count, far).await;
            }
        }
    }
    sim.resume(a);
    [b, "registry"].into_iter().for_each(|other| sim.heal(a, other));
}

/// In some runs more than waits for a node.
const fn load(seed: u64) -> Load {
    if seed.is_multiple_of(12) { Load::TooMuch } else { Load::Upto(50) }
}

/// One run: how many events were told to be missing; or why what the subscribers heard cannot be, if it cannot.
fn run(seed: u64) -> Result<u64, String> {
    let ears = Ears::default();
    let heard = ears.clone();
    cluster(seed, &ears).run(move |sim| async move {
        all_known(&sim).await;
        let mut rng = Rng::with_seed(seed);
        let far: Far = Rc::default();
        for name in NODES {
            let key = sim.on(name, async |node: Node| node.key()).await.unwrap();
            far.borrow_mut().push((key, 0));
        }
        for which in 0..3 {
            more(&sim, which, 5, &far).await;
        }
        for _ in 0..2 {
            fault(&sim, &mut rng, &far, load(seed)).await;
            sleep(ms(rng.u64(0..1_500))).await;
        }
        // Whatever is missing at the end is told although nothing follows.
        let far = far.borrow().clone();
        let mut waited = 0;
        loop {
            let mut all = true;
            for name in NODES {
                let at = judge(&heard.of(name), false)
                    .map_err(|why| format!("{name} cannot make out a number of its publishers' events: {why}"))?;
                all &= far.iter().all(|(key, last)| at.get(key) == Some(last));
                if waited > 6_000 && !all {
                    return Err(format!("{name} has not heard the last of its publishers' events: {at:?} of {far:?}"));
                }
            }
            if all {
                let missed = NODES.into_iter().flat_map(|name| heard.of(name)).filter_map(|heard| match heard {
                    Heard::Missed(missed) if missed.why == MissedReason::NotSent => missed.count,
                    Heard::Missed(_) | Heard::Event(..) => None,
                });
                return Ok(missed.sum());
            }
            waited += 1;
            sleep(ms(10)).await;
        }
    })
}

#[test]
fn over_partitions_and_stalls_no_event_is_doubled_and_every_gap_is_told_with_its_count() {
    for (runs, seed) in seeds(SEEDS * scale()).enumerate() {
        let outcome = run(seed).and_then(|missed| match load(seed) {
            Load::TooMuch if missed == 0 => {
                Err("more was published than waits for a node, and nothing was missed".into())
            }
            Load::TooMuch | Load::Upto(_) => Ok(()),
        });
        if let Err(why) = outcome {
            panic!(
                "seed {seed} failed, after {runs} that passed. {why}\n\n  EMBER_PROVE='seed={seed} faults=drawn' cargo test --test events over_partitions"
            );
        }
    }
}

#[test]
fn what_is_published_while_a_node_is_away_is_not_written_for_it_and_counted_all_the_same() {
    for seed in 0..4 {
        let ears = Ears::default();
        let heard = ears.clone();
        let cluster = Cluster::seed(seed).limit(ms(120_000)).node("ada", |node| node);
        let cluster = cluster.node("bob", move |node| node.service(ears.listener("bob", 100)));
        cluster.run(move |sim| async move {
            known(&sim, "ada", 1).await;
            publish(&sim, "ada", 1..=3).await;
            until("the first", || heard.values("bob").len() == 3).await;
            ["ada", "registry"].into_iter().for_each(|other| sim.partition("bob", other));
            known(&sim, "ada", 0).await;
            let counts = || async { sim.on("ada", async |node: Node| node.event_counts()).await.unwrap() };
            let before = counts().await;
            publish(&sim, "ada", 4..=53).await;
            let after = counts().await;
            assert_eq!((after.published - before.published, after.encoded - before.encoded), (50, 0), "seed {seed}");
            assert_eq!(after.dropped - before.dropped, 50, "seed {seed}");
            ["ada", "registry"].into_iter().for_each(|other| sim.heal("bob", other));
            until("the gap", || matches!(heard.of("bob").last(), Some(Heard::Missed(_)))).await;
            known(&sim, "ada", 1).await;
            let key = publish(&sim, "ada", 54..=55).await;
            until("the next", || heard.values("bob").last() == Some(&55)).await;
            let all = heard.of("bob");
            assert_eq!(judge(&all, false).unwrap()[&key], 55, "seed {seed}: {all:?}");
            assert_eq!(heard.values("bob"), [1, 2, 3, 54, 55], "seed {seed}");
        });
    }
}

#[test]
fn a_node_that_ends_while_another_cannot_be_reached_waits_a_second_and_says_what_is_missed_there() {
    for seed in 0..4 {
        let logged = Logged::here();
        let ears = Ears::default();
        let heard = ears.clone();
        cluster(seed, &ears).run(move |sim| async move {
            all_known(&sim).await;
            let key = publish(&sim, "ada", 1..=2).await;
            let answered =
                sim.on("ada", async |node: Node| node.publish_to(Scope::Cluster, Reading(3)).confirmed().await.is_ok());
            assert!(answered.await.unwrap());
            sim.partition("ada", "bob");
            publish(&sim, "ada", 4..=7).await;
            let began = sim.elapsed();
            sim.shutdown("ada").await.unwrap();
            let took = sim.elapsed() - began;
            assert!(took >= ms(1_000) && took < ms(2_000), "seed {seed}: {took:?}");
            let said = logged.lines();
            let ends = said.iter().filter(|line| line.contains("does not wait for it")).collect::<Vec<_>>();
            assert!(ends.len() == 1 && ends[0].contains("events=4"), "seed {seed}: {said:?}");
            assert_eq!(heard.values("eve"), (1..=7).collect::<Vec<_>>(), "who can be reached has all");
            sim.heal("ada", "bob");
            sleep(ms(10_000)).await;
            // As the guide says: it left in good order, and who waits for `confirmed` knows.
            let of_ada = heard.of("bob").into_iter().filter(|it| match it {
                Heard::Event(_, source) => source.node == key,
                Heard::Missed(missed) => missed.publisher == key,
            });
            assert_eq!((of_ada.count(), heard.values("bob")), (3, vec![1, 2, 3]), "seed {seed}");
        });
    }
}

#[test]
fn an_event_that_is_published_in_a_short_cut_comes_when_it_is_over() {
    for seed in 0..4 {
        let ears = Ears::default();
        let heard = ears.clone();
        cluster(seed, &ears).run(move |sim| async move {
            all_known(&sim).await;
            publish(&sim, "ada", 1..=10).await;
            sim.partition("ada", "bob");
            sleep(ms(500)).await;
            publish(&sim, "ada", 11..=200).await;
            sleep(ms(2_500)).await;
            sim.heal("ada", "bob");
            until("all events", || heard.values("bob").len() == 200).await;
            assert_eq!(heard.of("bob").len(), 200, "nothing is missed");
        });
    }
}

#[test]
fn a_node_that_stands_still_slows_nobody_and_misses_what_has_no_room() {
    let ears = Ears::default();
    let heard = ears.clone();
    cluster(7, &ears).run(move |sim| async move {
        all_known(&sim).await;
        sim.pause("bob");
        let key = publish(&sim, "ada", 1..=100).await;
        until("the others", || heard.values("eve").len() == 100).await;
        for burst in 1..=50 {
            publish(&sim, "ada", burst * 100 + 1..=burst * 100 + 100).await;
            until("the others", || heard.values("eve").len() == burst as usize * 100 + 100).await;
        }
        assert!(heard.values("bob").is_empty());
        sim.resume("bob");
        until("the one that stood still", || judge(&heard.of("bob"), false).unwrap().get(&key) == Some(&5_100)).await;
        let counts = sim.on("ada", async |node: Node| node.event_counts()).await.unwrap();
        assert!(counts.dropped >= 900, "{counts:?}");
        assert_eq!(judge(&heard.of("eve"), false).unwrap()[&key], 5_100);
    });
}

#[test]
fn what_waits_for_a_node_that_is_given_up_is_counted_with_what_it_misses() {
    for seed in 0..4 {
        let ears = Ears::default();
        let heard = ears.clone();
        cluster(seed, &ears).run(move |sim| async move {
            all_known(&sim).await;
            sim.pause("bob");
            publish(&sim, "ada", 1..=100).await;
            // It has not answered any of them when its lease ends, and is away for the others.
            known(&sim, "ada", 2).await;
            let key = publish(&sim, "ada", 101..=150).await;
            sim.resume("bob");
            let comes = |heard: &Ears| judge(&heard.of("bob"), false).unwrap().get(&key) == Some(&150);
            until("what it has missed", || comes(&heard)).await;
            let missed = |it: &Heard| match it {
                Heard::Missed(missed) if missed.publisher == key => missed.count.unwrap_or(0),
                _ => 0,
            };
            let told: u64 = heard.of("bob").iter().map(missed).sum();
            let counts = sim.on("ada", async |node: Node| node.event_counts()).await.unwrap();
            assert!(told >= 50 && counts.dropped >= told && counts.dropped <= 150, "seed {seed}: {told}, {counts:?}");
        });
    }
}

#[test]
fn of_a_publisher_that_is_gone_the_loss_is_told_and_its_next_run_begins_anew() {
    for seed in 0..4 {
        let ears = Ears::default();
        let heard = ears.clone();
        cluster(seed, &ears).run(move |sim| async move {
            all_known(&sim).await;
            let before = publish(&sim, "ada", 1..=3).await;
            until("the first", || heard.values("bob").len() == 3).await;
            sim.kill("ada").await;
            let is_told = |name: &str| {
                heard.of(name).iter().any(|it| {
                    matches!(it, Heard::Missed(missed) if missed.publisher == before && missed.why == MissedReason::PublisherLost && missed.count.is_none())
                })
            };
            until("the loss", || is_told("bob") && is_told("eve")).await;
            sim.start("ada").await.unwrap();
            known(&sim, "ada", 3).await;
            let after = publish(&sim, "ada", 1..=4).await;
            until("the next run", || judge(&heard.of("eve"), false).unwrap().get(&after) == Some(&4)).await;
            assert_ne!(before, after);
            // One that leaves in good order has sent all.
            publish(&sim, "ada", 5..=6).await;
            sim.shutdown("ada").await.unwrap();
            until("the last of it", || judge(&heard.of("eve"), false).unwrap().get(&after) == Some(&6)).await;
            sleep(ms(10_000)).await;
            let lost = heard.of("eve").iter().any(|it| matches!(it, Heard::Missed(missed) if missed.publisher == after));
            assert!(!lost, "seed {seed}: nothing of it is missing");
        });
    }
}

#[test]
fn a_subscriber_that_is_started_again_hears_what_comes_from_then_on() {
    for seed in 0..4 {
        let ears = Ears::default();
        let heard = ears.clone();
        cluster(seed, &ears).run(move |sim| async move {
            all_known(&sim).await;
            let key = publish(&sim, "ada", 1..=3).await;
            until("the first", || heard.values("bob").len() == 3).await;
            sim.restart("bob").await.unwrap();
            known(&sim, "ada", 3).await;
            publish(&sim, "ada", 4..=6).await;
            until("the next", || heard.values("bob").last() == Some(&6)).await;
            assert_eq!(judge(&heard.of("bob"), true).unwrap()[&key], 6);
            let Some(Heard::Event(_, source)) = heard.of("bob").last().copied() else { panic!("it is an event") };
            assert!(source.number <= 3, "its numbers begin with the subscription: {source:?}");
        });
    }
}

#[test]
fn a_slow_subscriber_misses_by_itself_and_its_neighbours_have_all() {
    let ears = Ears::default();
    let heard = ears.clone();
    let cluster = Cluster::seed(8).limit(ms(60_000)).node("ada", |node| node);
    let cluster =
        cluster.node("bob", move |node| node.service(ears.listener("small", 4)).service(ears.listener("large", 1000)));
    cluster.run(move |sim| async move {
        known(&sim, "ada", 1).await;
        let key = publish(&sim, "ada", 1..=500).await;
        until("both", || judge(&heard.of("small"), false).unwrap().get(&key) == Some(&500)).await;
        assert_eq!(heard.values("large").len(), 500);
        let missed = 500 - heard.values("small").len() as u64;
        let counts = sim.on("bob", async |node: Node| node.event_counts()).await.unwrap();
        assert!(missed > 0 && counts.missed == missed, "{counts:?} of {missed}");
        let why = heard
            .of("small")
            .into_iter()
            .find_map(|it| if let Heard::Missed(missed) = it { Some(missed.why) } else { None });
        assert_eq!(why, Some(MissedReason::MailboxFull));
        // The subscription goes on.
        publish(&sim, "ada", 501..=501).await;
        until("the next", || heard.values("small").last() == Some(&501)).await;
    });
}
