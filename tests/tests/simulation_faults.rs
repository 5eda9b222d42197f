//! What becomes of calls when nodes, links and packets are lost.
// tidy: virtual time

use std::time::Duration;

use ember::{prelude::*, testing::Sim};
use ember_tests::simulation::{Book, LedgerClient, calls, cluster, scale};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep},
};

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
    for seed in 0..10 * scale() {
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

/// Tells of the end of the services that it watches.
#[service]
#[derive(Debug)]
struct Guard {
    watched: Vec<Pid>,
    downs: mpsc::Sender<(DownReason, Instant)>,
}

#[rpc]
impl Guard {
    #[on(start)]
    async fn begin(&mut self, cx: &mut Cx<'_, Self>) {
        self.watched.iter().for_each(|pid| cx.watch(*pid));
    }

    #[on(down)]
    async fn gone(&mut self, down: &Down) {
        self.downs.try_send((down.reason, Instant::now())).expect("one down");
    }
}

/// Calls `pid` by all ways that know it, and says what came of it, until that is `until`.
async fn call_by_pid(node: &Node, pid: Pid, until: &str) {
    let ledger = node.select::<LedgerClient>().pid(pid).client();
    loop {
        let (started, book) = (Instant::now(), Book::default());
        let failure = ledger.rpc_write(book.next()).await.expect_err("it is dead");
        assert!(started.elapsed() < ms(500), "{failure} after {:?}", started.elapsed());
        let one_way = ledger.rpc_write(book.next()).send();
        assert!(one_way.is_err() || !failure.to_string().contains("process has ended"), "{failure}");
        if failure.to_string().contains(until) {
            return;
        }
        sleep(ms(10)).await;
    }
}

#[test]
fn call_by_pid_to_a_killed_node_and_the_news_of_its_end_come_at_once() {
    for seed in 0..5 * scale() {
        let book = Book::default();
        cluster(seed, &book, &["ada"], &["one", "two"]).run(move |sim| async move {
            sim.settled().await;
            all_done(&sim, &book, 100).await;
            let (downs, mut down) = mpsc::channel(1);
            let pid = sim.on("ada", async move |node: Node| {
                let listed =
                    node.view().instances().iter().find(|it| node_name(&node, it.pid()) == "one").map(|it| it.pid());
                let pid = listed.expect("it is listed");
                node.spawn(Guard { watched: vec![pid], downs }).await.expect("a guard");
                assert!(node.select::<LedgerClient>().pid(pid).client().rpc_write(1 << 40).await.is_ok());
                pid
            });
            let pid = pid.await.expect("ada lives");
            sim.kill("one").await;
            let killed = Instant::now();
            // The lease of the dead node has seconds to go. Some calls may meet the link as it breaks.
            sim.on("ada", async move |node: Node| call_by_pid(&node, pid, "process has ended").await)
                .await
                .expect("ada lives");
            assert!(killed.elapsed() < ms(500), "{:?}", killed.elapsed());
            let (reason, when) = down.recv().await.expect("a down");
            assert_eq!(reason, DownReason::NodeLost);
            assert!(when - killed < ms(500), "{:?}", when - killed);
            // What is refused in other words when the registry has noticed, is refused as fast.
            sim.on("ada", async move |node: Node| {
                node.wait_for_view(|view| view.nodes().all(|it| it.name != "one")).await;
                call_by_pid(&node, pid, "its node is not seen").await;
            })
            .await
            .expect("ada lives");
        });
    }
}

fn node_name(node: &Node, pid: Pid) -> String {
    let view = node.view();
    view.nodes().find(|it| it.key == pid.node).map(|it| it.name.clone()).unwrap_or_default()
}

#[test]
fn call_by_pid_to_a_node_that_is_cut_off_waits_for_it() {
    let book = Book::default();
    cluster(3, &book, &["ada"], &["one"]).run(move |sim| async move {
        sim.settled().await;
        all_done(&sim, &book, 10).await;
        sim.partition("ada", "one");
        let call = sim.on("ada", async move |node: Node| {
            let pid = node.select::<LedgerClient>().instances()[0].pid();
            sleep(ms(3_000)).await;
            node.select::<LedgerClient>().pid(pid).client().rpc_write(1 << 40).timeout(ms(20_000)).await
        });
        sleep(ms(5_000)).await;
        sim.heal("ada", "one");
        assert_eq!(call.await.expect("ada lives"), Ok(1 << 40), "it lives, and nothing says that it does not");
    });
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
    (0..5 * scale()).for_each(|seed| cut_off(seed, |sim| sim.partition("ada", "one")));
}

#[test]
fn one_way_partition_of_the_callee_is_found_by_the_heartbeat() {
    (0..5 * scale()).for_each(|seed| cut_off(seed, |sim| sim.partition_one_way("ada", "one")));
}

#[test]
fn one_way_partition_of_the_caller_is_found_by_the_heartbeat() {
    (0..5 * scale()).for_each(|seed| cut_off(seed, |sim| sim.partition_one_way("one", "ada")));
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
    for seed in 0..5 * scale() {
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
fn node_that_comes_back_is_called_at_once_however_long_dials_have_failed() {
    for seed in 0..5 * scale() {
        let book = Book::default();
        cluster(seed, &book, &["ada"], &["one"]).run(move |sim| async move {
            sim.settled().await;
            all_done(&sim, &book, 1).await;
            let before = sim.view("ada").and_then(|view| view.nodes().find(|it| it.name == "one").map(|it| it.key));
            sim.kill("one").await;
            // Calls go on, and their dials fail, with ever longer pauses between them. Those that wait are done first, 2 ms each.
            let writes = book.clone();
            let meanwhile = sim.on("ada", move |node| calls(node, writes, 30, ms(100)));
            sleep(ms(2_500)).await;
            sim.start("one").await.expect("it starts while its earlier lease lives");
            let took = sim.on("ada", move |node| async move {
                node.wait_for_view(|view| view.instances().iter().any(|it| Some(it.node().key) > before)).await;
                let begun = Instant::now();
                node.client::<LedgerClient>().rpc_write(u64::MAX).timeout(ms(5_000)).await.map(|_| begun.elapsed())
            });
            let took = took.await.expect("ada lives").expect("it is there");
            assert!(took <= ms(150), "seed {seed}: nothing that an earlier run failed counts: {took:?}");
            meanwhile.await.expect("ada lives");
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
