//! What an operator reads: who comes and goes, by name and with the reason.
// tidy: virtual time

use std::{process::Command, time::Duration};

use ember::{prelude::*, testing::Registry};
use ember_tests::{
    logged::Logged,
    simulation::{Book, calls, cluster},
    wait::eventually,
};
use tracing::Level;

/// The lines of these names that say one of these things.
fn lines(logged: &Logged, name: &str, what: &str) -> Vec<String> {
    let of = format!("node=\"{name}\"");
    logged.lines().into_iter().filter(|line| line.contains(&of) && line.contains(what)).collect()
}

#[test]
fn nodes_join_leave_and_are_lost_in_a_line_each() {
    let logged = Logged::at(Level::INFO);
    let nodes = ["ada", "bob", "eve"];
    let book = Book::default();
    cluster(5, &book, &["ada"], &["bob", "eve"]).run(|sim| async move {
        sim.settled().await;
        let called = sim.on("ada", move |node| calls(node, book, 8, Duration::from_millis(10)));
        called.await.expect("ada runs");
        sim.shutdown("bob").await.expect("bob shuts down");
        sim.kill("eve").await;
        let ada = sim.on("ada", |node| async move { node.wait_for_view(|view| view.nodes().len() == 1).await });
        ada.await.expect("ada runs");
    });
    // `ada` sees both of them come; they see her and each other.
    for name in nodes {
        assert_eq!(lines(&logged, name, "joined").len(), 2, "{name}: {:#?}", logged.lines());
    }
    assert_eq!(lines(&logged, "bob", "message=left").len(), 2, "{:#?}", logged.lines());
    assert!(lines(&logged, "bob", "lost").is_empty(), "{:#?}", logged.lines());
    let lost = lines(&logged, "eve", "lost");
    assert!(lost.len() == 1 && lost[0].starts_with("WARN"), "{:#?}", logged.lines());
    let links: Vec<_> = logged.lines().into_iter().filter(|line| line.contains("link up")).collect();
    assert!(!links.is_empty() && links.iter().all(|line| nodes.iter().any(|name| line.contains(name))), "{links:#?}");
}

#[test]
fn a_node_that_was_lost_says_that_it_is_written_again() {
    let logged = Logged::at(Level::INFO);
    let book = Book::default();
    cluster(6, &book, &["ada"], &["bob"]).run(|sim| async move {
        sim.settled().await;
        sim.registry_down();
        tokio::time::sleep(Duration::from_secs(20)).await;
        sim.registry_up(Registry::Empty);
        sim.settled().await;
        // The others see it a little before it hears that it is written.
        tokio::time::sleep(Duration::from_secs(1)).await;
    });
    for name in ["ada", "bob"] {
        let again = logged
            .lines()
            .into_iter()
            .filter(|line| line.contains(&format!("the node `{name}`")))
            .filter(|line| line.contains("written in the registry again"))
            .collect::<Vec<_>>();
        assert!(again.len() == 1 && again[0].contains("gone=") && again[0].contains("why="), "{:#?}", logged.lines());
    }
}

/// Is at work for as long as it is asked to.
#[service(name = "slow")]
#[derive(Default)]
struct Slow;

#[rpc]
impl Slow {
    pub(crate) async fn rpc_work(&mut self, time: Duration) {
        // tidy: sleep: work that takes its time
        tokio::time::sleep(time).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_says_whom_it_waits_for_ever_more_rarely_and_who_was_cut_short() {
    let logged = Logged::at(Level::INFO);
    let node = Node::builder().name("eve").drain(Duration::from_secs(10)).service(Slow).start().await.unwrap();
    let calls: Vec<_> = (0..3)
        .map(|_| {
            tokio::spawn(
                node.client::<SlowClient>()
                    .rpc_work(Duration::from_secs(60))
                    .timeout(Duration::from_secs(300))
                    .into_future(),
            )
        })
        .collect();
    tokio::task::yield_now().await;
    let ended = node.shutdown().await;
    assert!(matches!(ended, Err(ember::Error::CutShort(_))), "{ended:?}");
    let said = |what: &str| {
        logged
            .lines()
            .into_iter()
            .filter(|line| line.contains("name=\"eve\"") && line.contains(what))
            .collect::<Vec<_>>()
    };
    let waits = said("draining: waiting for `slow` (and 2 messages that wait)");
    assert_eq!(waits.len(), 4, "after 1, 2, 4 and 8 s: {:#?}", logged.lines());
    let cut = said("the shutdown was cut short: `slow` had not finished");
    assert!(cut.len() == 1 && cut[0].starts_with("WARN"), "{:#?}", logged.lines());
    calls.iter().for_each(tokio::task::JoinHandle::abort);
}

/// Fails at what it is not called for.
#[service(name = "fragile")]
#[derive(Default)]
struct Fragile;

struct Blow(&'static str);

#[rpc]
impl Fragile {
    #[on(started)]
    async fn ready(&mut self) -> ember::Result<()> {
        Err(ember::Error::other("not today"))
    }

    #[on(event)]
    async fn blow(&mut self, blow: &Blow) -> ember::Result<()> {
        assert!(blow.0 != "hard", "it breaks");
        Err(ember::Error::other(blow.0))
    }
}

#[tokio::test]
async fn what_fails_and_nobody_waits_for_says_what_it_was_and_whether_its_service_goes_on() {
    let logged = Logged::here();
    let node = Node::builder().service(Fragile).service_with(Fragile::default).start().await.unwrap();
    assert_eq!((node.publish(Blow("softly")), node.publish(Blow("hard"))), (2, 2));
    let said = |what: &[&str]| {
        let lines = logged.lines();
        lines.iter().filter(|line| line.starts_with("ERROR") && what.iter().all(|it| line.contains(it))).count()
    };
    let (event, goes_on) = ("a handler of an event failed", "and its service goes on");
    eventually("both are told both", async || (said(&[event]) == 4).then_some(())).await;
    assert_eq!(said(&[event, goes_on, "blow", "error=softly"]), 2);
    assert_eq!(said(&[event, "error=it panicked: "]), 2);
    assert_eq!(
        said(&[event, "error=it panicked: ", goes_on]),
        1,
        "the other one is started again: {:#?}",
        logged.lines()
    );
    // The other one says it in each of its lives.
    assert!(
        said(&["a hook or a timer failed, and its service goes on", "started", "not today"]) >= 2,
        "{:#?}",
        logged.lines()
    );
    node.shutdown().await.unwrap();
}

/// Takes its time to take up its office.
#[service(elected)]
#[derive(Default)]
struct Hesitant;

#[rpc]
impl Hesitant {
    #[on(master)]
    async fn lead(&mut self, _epoch: Epoch) {
        // tidy: sleep: work that takes its time
        tokio::time::sleep(Duration::from_secs(75)).await;
    }

    pub(crate) async fn rpc_name(&mut self) -> String {
        "hesitant".into()
    }
}

#[tokio::test(start_paused = true)]
async fn a_master_that_does_not_take_up_its_office_is_named_ever_more_rarely() {
    let logged = Logged::at(Level::WARN);
    let node = Node::builder().service(Hesitant).start().await.unwrap();
    let call = node.client::<HesitantClient>().rpc_name().timeout(Duration::from_secs(300));
    assert_eq!(call.await.unwrap(), "hesitant");
    let named: Vec<_> = logged.lines().into_iter().filter(|line| line.contains("has not returned")).collect();
    assert_eq!(named.len(), 3, "after 10, 20 and 40 s: {:#?}", logged.lines());
    assert!(named[0].contains("lead") && named[0].contains("waited=10"), "{named:#?}");
    node.shutdown().await.unwrap();
}

/// Set for the process that is to fail.
const FAILS: &str = "EMBER_TEST_FAILS";

#[test]
fn a_simulation_that_fails_names_its_seed() {
    if std::env::var_os(FAILS).is_some() {
        cluster(4_711, &Book::default(), &["ada"], &[]).run(|sim| async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            assert!(sim.elapsed() < Duration::from_secs(1), "this is the assertion that fails");
        });
    }
    let myself = std::env::current_exe().expect("a program");
    let name = "a_simulation_that_fails_names_its_seed";
    let failed = Command::new(myself).args(["--exact", name, "--nocapture"]).env(FAILS, "1").output().expect("to run");
    let said = String::from_utf8_lossy(&failed.stderr);
    assert!(!failed.status.success(), "{said}");
    assert!(said.contains("logs.rs:") && said.contains("this is the assertion that fails"), "{said}");
    assert!(said.contains("the simulation of seed 4711 failed: `Cluster::seed(4711)`"), "{said}");
}
