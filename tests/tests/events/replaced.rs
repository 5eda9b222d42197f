//! Subscribers that come in the place of others while events flow, how many others know of, and how much waits for them.
// tidy: virtual time

use std::collections::BTreeSet;

use ember::{
    MissedReason, Pid,
    prelude::*,
    testing::{Cluster, Sim},
};
use ember_tests::{log::Log, simulation::seeds};
use tokio::time::sleep;

use super::listeners::{Ears, Heard, Reading, known, ms, publish, until};

/// So many of the first of a subscription are looked at.
const FIRST: usize = 300;

/// Has a node publish one in each millisecond.
async fn flows(sim: &Sim, node: &str) {
    let begun = sim.on(node, async |node: Node| {
        tokio::spawn(async move {
            for value in 1.. {
                node.publish_to(Scope::Cluster, Reading(value));
                sleep(ms(1)).await;
            }
        });
    });
    begun.await.unwrap();
}

async fn spawned(sim: &Sim, node: &str, name: &str, ears: &Ears) -> Pid {
    let listener = ears.listener(name, 100_000);
    sim.on(node, async move |node: Node| node.spawn(listener).await.unwrap()).await.unwrap()
}

/// Replaces the only subscriber of a node after this time. What the one behind it hears at first.
fn replaced(seed: u64, after: u64) -> Vec<Heard> {
    let ears = Ears::default();
    let heard = ears.clone();
    Cluster::seed(seed).node("ada", |node| node).node("bob", |node| node).run(move |sim| async move {
        let first = spawned(&sim, "bob", "first", &ears).await;
        known(&sim, "ada", 1).await;
        flows(&sim, "ada").await;
        until("the first events", || ears.of("first").len() > 40).await;
        sim.on("bob", async move |node: Node| node.stop(first)).await.unwrap();
        sleep(ms(after)).await;
        spawned(&sim, "bob", "second", &ears).await;
        until("what comes after", || ears.of("second").len() > FIRST).await;
    });
    heard.of("second")
}

#[test]
fn a_subscriber_in_the_place_of_another_has_no_hole() {
    for after in [0, 1, 7, 300, 900] {
        let heard = replaced(after, after);
        let values: Vec<_> = heard
            .iter()
            .map(|it| match it {
                Heard::Event(value, _) => *value,
                Heard::Missed(missed) => panic!("nothing is missed: {missed:?}"),
            })
            .collect();
        assert!(values.windows(2).all(|two| two[0] + 1 == two[1]), "after {after} ms: {values:?}");
    }
}

/// That each is the next one, or whoever heard them was told that some are missing. How often nobody knew how many.
fn follow(heard: &[Heard]) -> Result<usize, String> {
    let (mut last, mut unknown) = (None, 0);
    for it in heard {
        match it {
            Heard::Event(value, _) if last.is_none_or(|last| last + 1 == *value) => last = Some(*value),
            Heard::Event(value, _) => return Err(format!("{value} came after {last:?}, and nobody was told")),
            Heard::Missed(missed) => match missed.count {
                Some(count) => last = last.map(|last| last + count),
                None if missed.why == MissedReason::NotSent => (last, unknown) = (None, unknown + 1),
                None => return Err(format!("{missed:?}")),
            },
        }
    }
    Ok(unknown)
}

#[test]
fn one_that_begins_as_its_node_says_that_nobody_listens_is_told_of_the_hole() {
    // A second after the last has gone, that is said.
    let holes = |after| follow(&replaced(after, after)).unwrap_or_else(|wrong| panic!("after {after} ms: {wrong}"));
    assert!((1_000..1_024).map(holes).sum::<usize>() > 0, "one of these has begun in between");
}

/// They come and go while a node publishes, and links are cut.
fn come_and_go(seed: u64) -> Ears {
    let ears = Ears::default();
    let heard = ears.clone();
    let cluster = Cluster::seed(seed).limit(ms(600_000)).loss(if seed.is_multiple_of(3) { 0.02 } else { 0.0 });
    cluster.node("ada", |node| node).node("bob", |node| node).run(move |sim| async move {
        flows(&sim, "ada").await;
        let (mut rng, mut there) = (fastrand::Rng::with_seed(seed), Vec::new());
        for name in 0..40 {
            if there.len() < 2 || rng.bool() {
                there.push(spawned(&sim, "bob", &name.to_string(), &ears).await);
            }
            sleep(ms(rng.u64(..40))).await;
            let leave = if rng.u8(..4) == 0 { there.len() } else { rng.usize(..2).min(there.len()) };
            for _ in 0..leave {
                let pid = there.swap_remove(rng.usize(..there.len()));
                sim.on("bob", async move |node: Node| node.stop(pid)).await.unwrap();
            }
            if rng.u8(..8) == 0 {
                sim.partition("ada", "bob");
                sleep(ms(rng.u64(1..3_000))).await;
                sim.heal("ada", "bob");
                sleep(ms(500)).await;
            }
        }
        sleep(ms(200)).await;
    });
    heard
}

#[test]
fn whoever_comes_and_goes_while_links_are_cut_has_all_in_order_or_is_told() {
    let mut count = 0;
    for seed in seeds(12) {
        let ears = come_and_go(seed);
        for name in ears.names() {
            count += ears.of(&name).len();
            follow(&ears.of(&name)).unwrap_or_else(|wrong| panic!("seed {seed}, subscriber {name}: {wrong}"));
        }
    }
    assert!(count > 1_000, "{count}");
}

/// It panics once.
#[service]
pub struct Falls {
    log: Log,
}

#[rpc]
impl Falls {
    #[on(start)]
    async fn begins(&mut self) {
        self.log.say("begins");
    }

    #[on(event)]
    async fn reading(&mut self, event: &Reading) {
        self.log.say(event.0.to_string());
        assert!(event.0 != 50, "as it was told");
    }

    #[on(missed)]
    async fn gap(&mut self, missed: &Missed) {
        self.log.say(format!("{missed:?}"));
    }
}

#[test]
fn one_that_is_started_again_has_no_hole_from_then_on() {
    for seed in 0..4 {
        let log = Log::default();
        let told = log.clone();
        let falls = move |node: NodeBuilder| {
            let log = log.clone();
            node.service(Hosted::with(move || Falls { log: log.clone() }).back_off(ms(1), ms(1 + 100 * seed)))
        };
        let lines = told.clone();
        Cluster::seed(seed).node("ada", |node| node).node("bob", falls).run(move |sim| async move {
            known(&sim, "ada", 1).await;
            flows(&sim, "ada").await;
            until("what comes after", || told.lines().len() > FIRST).await;
        });
        let lines = lines.lines();
        let begun = lines.iter().rposition(|line| line == "begins").expect("it is started again");
        let after: Vec<u64> = lines[begun + 1..].iter().map(|line| line.parse().expect("nothing is missed")).collect();
        assert!(after[0] > 50 && after.windows(2).all(|two| two[0] + 1 == two[1]), "seed {seed}: {after:?}");
    }
}

#[test]
fn what_is_wanted_no_more_is_said_also_if_nobody_answered_that_it_was() {
    for (seed, stays) in (0..).zip([50, 1_500]) {
        let ears = Ears::default();
        let cluster = Cluster::seed(seed).limit(ms(600_000)).node("ada", |node| node);
        cluster.node("bob", |node| node).run(move |sim| async move {
            let stopped = async |pid: Pid| sim.on("bob", async move |node: Node| node.stop(pid)).await.unwrap();
            let first = spawned(&sim, "bob", "first", &ears).await;
            known(&sim, "ada", 1).await;
            stopped(first).await;
            known(&sim, "ada", 0).await;
            // Now what it says comes, and no answer does.
            sim.partition_one_way("ada", "bob");
            let second = spawned(&sim, "bob", "second", &ears).await;
            known(&sim, "ada", 1).await;
            sleep(ms(stays)).await;
            stopped(second).await;
            sim.heal("ada", "bob");
            known(&sim, "ada", 0).await;
        });
    }
}

#[test]
fn of_a_node_that_ends_nobody_is_told_that_it_has_missed_what_nobody_there_listens_to() {
    // Its subscriber ends with it, or has gone so long before.
    for (seed, before) in (0..).zip([None, None, None, None, Some(0), Some(100), Some(700)]) {
        let ears = Ears::default();
        let cluster = Cluster::seed(seed).node("ada", |node| node);
        cluster.node("bob", |node| node).run(move |sim| async move {
            let bob = spawned(&sim, "bob", "bob", &ears).await;
            known(&sim, "ada", 1).await;
            let confirmed = sim.on("ada", async |node: Node| {
                let (begun, mut late) = (tokio::time::Instant::now(), Vec::new());
                while begun.elapsed() < ms(2_000) {
                    late.extend(node.publish_to(Scope::Cluster, Reading(1)).confirmed().await.err());
                    sleep(ms(1)).await;
                }
                late
            });
            let ended = async {
                sleep(ms(100)).await;
                if let Some(before) = before {
                    sim.on("bob", async move |node: Node| node.stop(bob)).await.unwrap();
                    sleep(ms(before)).await;
                }
                sim.shutdown("bob").await.unwrap();
            };
            let (late, ()) = tokio::join!(confirmed, ended);
            let late = late.unwrap();
            assert!(late.is_empty(), "seed {seed}: {late:?}");
        });
    }
}

#[test]
fn how_many_subscribers_a_node_has_is_known_elsewhere_and_stays_known() {
    let ears = Ears::default();
    Cluster::seed(1).limit(ms(600_000)).node("ada", |node| node).node("bob", |node| node).run(|sim| async move {
        spawned(&sim, "bob", "first", &ears).await;
        known(&sim, "ada", 1).await;
        let reach = || async {
            let reach = sim.on("ada", async |node: Node| node.event_reach::<Reading>(Scope::Cluster).subscribers());
            reach.await.unwrap()
        };
        // Each node says it again twice a minute, and with each answer.
        spawned(&sim, "bob", "second", &ears).await;
        sleep(ms(40_000)).await;
        assert_eq!(reach().await, 2, "it was said again");
        spawned(&sim, "bob", "third", &ears).await;
        publish(&sim, "ada", 1..=1).await;
        until("the event", || ears.of("third").len() == 1).await;
        let mut seen = BTreeSet::new();
        for _ in 0..70 {
            sleep(ms(1_000)).await;
            seen.insert(reach().await);
        }
        assert_eq!(seen, BTreeSet::from([3]), "what an answer has said is not made wrong again");
    });
}

#[message(event)]
#[derive(Debug)]
pub struct Picture(Vec<u8>);

/// It has a long look at the first, and counts the others.
#[service]
pub struct Album {
    log: Log,
}

#[rpc]
impl Album {
    #[on(event)]
    async fn picture(&mut self, event: &Picture) {
        self.log.say(event.0[0].to_string());
        if event.0[0] == 0 {
            sleep(ms(10_000)).await;
        }
    }

    #[on(missed)]
    async fn gap(&mut self, missed: &Missed) {
        self.log.say(format!("{:?} {:?}", missed.count, missed.why));
    }
}

#[test]
fn the_bytes_of_events_of_other_nodes_that_wait_for_a_service_are_bounded() {
    let log = Log::default();
    let said = log.clone();
    let album = move |node: NodeBuilder| node.service(Album { log: log.clone() });
    Cluster::seed(1).node("ada", |node| node).node("bob", album).run(move |sim| async move {
        let knows = sim.on("ada", async |node: Node| {
            while node.event_reach::<Picture>(Scope::Cluster).nodes() != 1 {
                sleep(ms(5)).await;
            }
        });
        knows.await.unwrap();
        // Each has a megabyte, and the mailbox room for a thousand messages and 16 MiB.
        for value in 0..40 {
            let taken = sim.on("ada", async move |node: Node| {
                node.publish_to(Scope::Cluster, Picture(vec![value; 1 << 20])).confirmed().await.is_ok()
            });
            assert_eq!(taken.await.unwrap(), value < 16, "the first is looked at, and fifteen wait");
        }
        let all = |lines: &[String]| lines.len() == 17;
        until("all", || all(&said.lines())).await;
        let mut expected: Vec<_> = (0..16).map(|value| value.to_string()).collect();
        expected.push("Some(24) MailboxFull".into());
        assert_eq!(said.lines(), expected);
        // There is room again.
        let taken = sim.on("ada", async |node: Node| {
            node.publish_to(Scope::Cluster, Picture(vec![100; 1 << 20])).confirmed().await.is_ok()
        });
        assert!(taken.await.unwrap());
        until("one more", || said.lines().last().is_some_and(|line| line == "100")).await;
    });
}

/// It has each picture four times.
#[service]
pub struct House {
    log: Log,
    #[module]
    walls: Modules<u32, Wall>,
}

#[module(parent = House)]
pub struct Wall;

#[rpc]
impl House {
    #[on(start)]
    async fn builds(&mut self) {
        for wall in 1..4 {
            self.walls.insert(wall, Wall);
        }
    }

    #[on(event)]
    async fn picture(&mut self, event: &Picture) {
        self.log.say(format!("hall {}", event.0[0]));
        if event.0[0] == 0 {
            sleep(ms(10_000)).await;
        }
    }

    #[on(missed)]
    async fn gap(&mut self, missed: &Missed) {
        self.log.say(format!("{:?} {:?}", missed.count, missed.why));
    }
}

#[rpc]
impl Wall {
    #[on(event)]
    async fn picture(&mut self, cx: &mut Cx<'_, Self>, event: &Picture) {
        cx.parent().log.say(format!("wall {}", event.0[0]));
    }
}

#[test]
fn an_event_that_several_handlers_of_a_service_share_counts_its_bytes_once_there() {
    // One by one, and several in a batch.
    for (bytes, count, at_once) in [(7 << 20, 1, 1), (1 << 20, 9, 1), (60 << 10, 100, 20)] {
        let log = Log::default();
        let said = log.clone();
        let house = move |node: NodeBuilder| node.service(House { log: log.clone(), walls: Modules::default() });
        Cluster::seed(1).node("ada", |node| node).node("bob", house).run(move |sim| async move {
            let taken = sim.on("ada", async move |node: Node| {
                while node.event_reach::<Picture>(Scope::Cluster).nodes() != 1 {
                    sleep(ms(5)).await;
                }
                let values: Vec<u8> = (0..count).collect();
                for values in values.chunks(at_once) {
                    let publish = |value: &u8| node.publish_to(Scope::Cluster, Picture(vec![*value; bytes]));
                    let receipts: Vec<_> = values.iter().map(publish).collect();
                    for receipt in receipts {
                        assert_eq!(receipt.confirmed().await.map(|it| it.nodes), Ok(1));
                    }
                }
            });
            taken.await.unwrap();
            let expected: Vec<_> = (0..count)
                .flat_map(|value| [format!("hall {value}")].into_iter().chain(vec![format!("wall {value}"); 3]))
                .collect();
            until("all", || said.lines().len() >= expected.len()).await;
            assert_eq!(said.lines(), expected);
        });
    }
}
