//! What an operator reads: who comes and goes, by name and with the reason.
// tidy: virtual time

use std::{process::Command, time::Duration};

use ember_tests::{
    logged::Logged,
    simulation::{Book, calls, cluster},
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
