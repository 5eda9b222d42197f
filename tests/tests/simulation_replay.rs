//! The same seed gives the same run.
// tidy: virtual time

use std::time::Duration;

use ember::testing::{Registry, Trace};
use ember_tests::simulation::{Book, Sum, calls, cluster, scale};
use tokio::time::sleep;

const PAUSE: Duration = Duration::from_millis(10);

/// Crash, partition, loss, and a registry that loses its data, under load from two callers.
fn eventful(seed: u64) -> (Trace, Sum, Vec<(u64, bool)>) {
    let book = Book::default();
    let seen = book.clone();
    let trace = cluster(seed, &book, &["ada", "bob"], &["one", "two", "three"]).run(move |sim| async move {
        sim.settled().await;
        let ada = sim.on("ada", {
            let book = book.clone();
            move |node| calls(node, book, 800, PAUSE)
        });
        let bob = sim.on("bob", move |node| calls(node, book, 800, PAUSE));
        sleep(Duration::from_millis(500)).await;
        sim.kill("one").await;
        sim.loss(0.05);
        sleep(Duration::from_millis(500)).await;
        sim.partition("ada", "two");
        sim.registry_down();
        sleep(Duration::from_millis(2_500)).await;
        sim.partition_one_way("three", "bob");
        sleep(Duration::from_millis(500)).await;
        sim.registry_up(Registry::Empty);
        sim.heal("ada", "two");
        sim.heal("three", "bob");
        sim.loss(0.0);
        sim.start("one").await.expect("the registry is back");
        sim.settled().await;
        ada.await.expect("ada lives");
        bob.await.expect("bob lives");
        sim.trace()
    });
    (trace, seen.check(0, &[]), seen.order())
}

#[test]
fn same_seed_gives_the_same_run_and_another_seed_another() {
    for seed in 1..=3 * scale() {
        let ((first, sum, order), (second, same, again)) = (eventful(seed), eventful(seed));
        assert!(first.packets() > 1_000, "{first:?}");
        // Events first, as they tell where the runs part.
        assert_eq!(first.difference(&second), None, "seed {seed}");
        assert_eq!(sum, same, "seed {seed}");
        assert!(order == again, "effects and ends came in another order, seed {seed}");
    }
    assert_ne!(eventful(1).0.events(), eventful(4).0.events());
}

/// Tokio numbers the tasks of a process, and sorts them by number: a run that follows others meets other numbers.
#[test]
fn same_seed_gives_the_same_run_whatever_ran_before() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    for seed in [3, 5] {
        let first = eventful(seed).0;
        for tasks in 1..=4 {
            runtime.block_on(async {
                for _ in 0..tasks {
                    tokio::spawn(async {}).await.expect("an empty task ends");
                }
            });
            assert_eq!(first.difference(&eventful(seed).0), None, "seed {seed}, after {tasks} tasks more");
        }
    }
}
