//! What the loss of the registry means to a cluster.
// tidy: virtual time

use std::time::Duration;

use ember::testing::{Registry, Sim};
use ember_tests::simulation::{Book, calls, cluster, scale};
use tokio::time::sleep;

const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

const NODES: [&str; 4] = ["ada", "one", "two", "three"];

/// Watches the view of `node` for `time`; it must have all nodes and services throughout.
async fn sees_all(sim: &Sim, node: &str, time: Duration) {
    let end = sim.elapsed() + time;
    while sim.elapsed() < end {
        let view = sim.view(node).expect("it lives");
        assert_eq!((view.nodes().len(), view.instances().len()), (4, 3), "{node} at {:?}", sim.elapsed());
        sleep(Duration::from_millis(5)).await;
    }
}

#[test]
fn registry_away_for_a_minute_fails_no_call_and_drops_no_peer() {
    let book = Book::default();
    cluster(1, &book, &["ada"], &NODES[1..]).run(move |sim| async move {
        sim.settled().await;
        let writes = book.clone();
        let load = sim.on("ada", move |node| calls(node, writes, 7_000, Duration::from_millis(10)));
        sleep(s(2)).await;
        sim.registry_down();
        sees_all(&sim, "ada", s(60)).await;
        sim.registry_up(Registry::Kept);
        sees_all(&sim, "ada", s(3)).await;
        load.await.expect("ada lives");
        let sum = book.check(0, &[]);
        assert_eq!(sum.done, 7_000, "{:?}", book.failures());
    });
}

#[test]
fn silent_registry_drops_no_peer_whose_link_is_up() {
    let book = Book::default();
    cluster(2, &book, &["ada"], &NODES[1..]).run(move |sim| async move {
        sim.settled().await;
        let writes = book.clone();
        let load = sim.on("ada", move |node| calls(node, writes, 4_000, Duration::from_millis(10)));
        sleep(s(1)).await;
        NODES.iter().for_each(|node| sim.partition("registry", node));
        sees_all(&sim, "ada", s(30)).await;
        NODES.iter().for_each(|node| sim.heal("registry", node));
        load.await.expect("ada lives");
        sim.settled().await;
        assert_eq!(book.check(0, &[]).done, 4_000, "{:?}", book.failures());
    });
}

/// The registry is away for 20 s and one node dies meanwhile; then it is back.
fn comes_back(seed: u64, data: Registry) {
    let book = Book::default();
    cluster(seed, &book, &["ada"], &NODES[1..]).run(move |sim| async move {
        sim.settled().await;
        sim.registry_down();
        sleep(s(10)).await;
        sim.kill("two").await;
        sleep(s(10)).await;
        sim.registry_up(data);
        let back = sim.elapsed();
        sim.settled().await;
        let took = sim.elapsed() - back;
        // With its data kept, the dead node's lease has its whole time again.
        let bar = if data == Registry::Kept { s(5) + s(5) } else { s(5) };
        assert!(took <= bar, "the view was right after {took:?}, seed {seed}");
        sim.start("two").await.expect("the registry is back");
        sim.settled().await;
    });
}

#[test]
fn registry_that_kept_its_data_is_followed_again() {
    (0..5 * scale()).for_each(|seed| comes_back(seed, Registry::Kept));
}

#[test]
fn registry_that_lost_its_data_is_written_anew_within_five_seconds() {
    (0..5 * scale()).for_each(|seed| comes_back(seed, Registry::Empty));
}

/// Of `nodes`, those `lost` are cut off from ada for longer than their links last. Then the registry gives them up, all at once: whether that is so, and for how
/// long ada lists them yet. If they are `alive`, the registry hears from them: how long one of them is missing then.
fn vanish(nodes: &'static [&'static str], lost: &'static [&'static str], alive: bool) -> Duration {
    cluster(7, &Book::default(), &["ada"], &nodes[1..]).run(move |sim| async move {
        sim.settled().await;
        let is_listed = |sim: &Sim| sim.view("ada").expect("it lives").nodes().len() == nodes.len();
        lost.iter().for_each(|node| sim.partition("ada", node));
        sleep(s(3) - Duration::from_millis(100)).await;
        if !alive {
            lost.iter().for_each(|node| sim.partition("registry", node));
        }
        sleep(Duration::from_millis(100)).await;
        assert!(is_listed(&sim), "the registry has them yet");
        lost.iter().for_each(|node| sim.expire_lease(node));
        let begun = sim.elapsed();
        let (mut listed, mut missing) = (None, Duration::ZERO);
        while sim.elapsed() - begun < s(6) {
            sleep(Duration::from_millis(5)).await;
            if is_listed(&sim) {
                continue;
            }
            listed.get_or_insert(sim.elapsed() - begun);
            missing += Duration::from_millis(5);
        }
        if alive { missing } else { listed.expect("they are gone") }
    })
}

#[test]
fn when_over_thirty_percent_of_five_nodes_vanish_at_once_the_registry_is_asked_again_three_seconds_later() {
    const FIVE: [&str; 5] = ["ada", "one", "two", "three", "four"];
    let soon = Duration::ZERO..Duration::from_millis(500);
    let late = s(3)..s(3) + Duration::from_millis(500);
    // Half of its peers, and a quarter, and two of three.
    for (nodes, lost, takes) in
        [(&FIVE[..], &FIVE[3..], &late), (&FIVE[..], &FIVE[4..], &soon), (&FIVE[..4], &FIVE[2..4], &soon)]
    {
        let listed = vanish(nodes, lost, false);
        assert!(takes.contains(&listed), "{lost:?} of {nodes:?} are listed for {listed:?}");
    }
    // Those who live are back by then, and nobody was told that they had gone.
    assert_eq!(vanish(&FIVE, &FIVE[3..], true), Duration::ZERO);
    assert_ne!(vanish(&FIVE, &FIVE[4..], true), Duration::ZERO, "one is believed to be gone, and comes back");
}
