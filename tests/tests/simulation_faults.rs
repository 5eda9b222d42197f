//! What becomes of calls when nodes, links and packets are lost.

use std::time::Duration;

use ember::testing::Sim;
use ember_tests::simulation::{Book, calls, cluster};
use tokio::time::sleep;

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// Makes calls from `ada` and waits for their ends; all must be done.
async fn all_done(sim: &Sim, book: &Book, count: u32) {
    let (first, writes) = (book.next(), book.clone());
    sim.on("ada", move |node| calls(node, writes, count, ms(10))).await.expect("ada lives");
    let sum = book.check(first, &[]);
    assert_eq!(sum.done, count as usize, "{:?}", book.failures());
}

#[test]
fn killed_nodes_calls_end_at_once_with_definite_outcomes() {
    for seed in 0..10 {
        let book = Book::default();
        cluster(seed, &book, &["ada"], &["one", "two"]).run(move |sim| async move {
            sim.settled().await;
            let writes = book.clone();
            let load = sim.on("ada", move |node| calls(node, writes, 600, ms(1)));
            sleep(ms(300)).await;
            sim.kill("one").await;
            load.await.expect("ada lives");
            let sum = book.check(0, &[]);
            assert_eq!(sum.not_executed, 0, "`two` could have taken it: {:?}", book.failures());
            assert!(sum.maybe_executed <= 30, "only what was on its way: {sum:?}");
            assert!(sum.longest < ms(1_000), "nobody waits for a time-out: {sum:?}");
            all_done(&sim, &book, 100).await;
        });
    }
}

/// Cuts, by `cut`, the only server off under load, and heals.
fn cut_off(seed: u64, cut: fn(&Sim)) {
    let book = Book::default();
    cluster(seed, &book, &["ada"], &["one"]).run(move |sim| async move {
        sim.settled().await;
        all_done(&sim, &book, 10).await;
        let writes = book.clone();
        let load = sim.on("ada", move |node| calls(node, writes, 100, ms(5)));
        sleep(ms(250)).await;
        cut(&sim);
        load.await.expect("ada lives");
        let sum = book.check(0, &[]);
        assert!(sum.maybe_executed > 0, "what was on its way is lost: {sum:?}");
        assert!(sum.done >= 50, "before the cut all was well: {sum:?}");
        for (call, outcome) in book.failures() {
            let why = format!("{outcome:?}");
            // Or the other side's heartbeat did, and its goodbye could come through.
            assert!(
                !why.contains("deadline") || why.starts_with("NotExecuted"),
                "the heartbeat found it: {call} {why}"
            );
        }
        sim.heal("ada", "one");
        sim.settled().await;
        all_done(&sim, &book, 100).await;
    });
}

#[test]
fn partition_is_found_by_the_heartbeat_and_calls_go_on_when_it_heals() {
    (0..5).for_each(|seed| cut_off(seed, |sim| sim.partition("ada", "one")));
}

#[test]
fn one_way_partition_of_the_callee_is_found_by_the_heartbeat() {
    (0..5).for_each(|seed| cut_off(seed, |sim| sim.partition_one_way("ada", "one")));
}

#[test]
fn one_way_partition_of_the_caller_is_found_by_the_heartbeat() {
    (0..5).for_each(|seed| cut_off(seed, |sim| sim.partition_one_way("one", "ada")));
}

#[test]
fn twenty_percent_loss_for_five_minutes_hangs_no_call_and_doubles_no_effect() {
    let book = Book::default();
    cluster(20, &book, &["ada"], &["one", "two"]).run(move |sim| async move {
        sim.settled().await;
        sim.loss(0.2);
        let writes = book.clone();
        sim.on("ada", move |node| calls(node, writes, 3_000, ms(100))).await.expect("ada lives");
        let sum = book.check(0, &[]);
        assert!(sim.elapsed() >= Duration::from_secs(300));
        assert!(sum.longest <= ms(5_050), "no call outlives its deadline: {sum:?}");
        assert!(sum.done > 2_000, "most calls get through: {sum:?}");
        sim.loss(0.0);
        sim.settled().await;
        all_done(&sim, &book, 100).await;
    });
}

#[test]
fn node_that_comes_back_under_its_name_takes_the_place_of_its_earlier_run() {
    for seed in 0..5 {
        let book = Book::default();
        cluster(seed, &book, &["ada"], &["one"]).run(move |sim| async move {
            sim.settled().await;
            let key =
                |sim: &Sim| sim.view("ada").and_then(|view| view.nodes().find(|it| it.name == "one").map(|it| it.key));
            let before = key(&sim).expect("it is there");
            sim.kill("one").await;
            sim.start("one").await.expect("it starts while its earlier lease lives");
            let back = sim.elapsed();
            sim.on("ada", move |node| async move {
                node.wait_for_view(|view| view.nodes().any(|it| it.name == "one" && it.key > before)).await;
            })
            .await
            .expect("ada lives");
            assert!(sim.elapsed() - back < ms(200), "seen at once, not when the earlier lease ends");
            all_done(&sim, &book, 100).await;
            sim.settled().await;
        });
    }
}

#[test]
fn rolling_restart_fails_no_call() {
    let book = Book::default();
    let servers = ["a", "b", "c", "d", "e"];
    cluster(5, &book, &["ada"], &servers).run(move |sim| async move {
        sim.settled().await;
        let writes = book.clone();
        let load = sim.on("ada", move |node| calls(node, writes, 4_000, ms(1)));
        for server in servers {
            sleep(ms(100)).await;
            sim.restart(server).await.expect("a graceful restart");
        }
        load.await.expect("ada lives");
        let sum = book.check(0, &[]);
        assert_eq!(sum.done, 4_000, "{:?}", book.failures());
    });
}
