//! A node lives as long as its process: workers that are held up and large messages cost it neither links nor its lease.

use std::{thread, time::Duration};

use ember_tests::{
    faults::{
        ANY, Executed, FaultNode, Kind, Member, Outcome, Stage, await_calls, await_view, expect_definite,
        expect_no_flap,
    },
    wait::until,
};
use tokio::time::Instant;

const LONG: Duration = Duration::from_secs(40);

fn stage(kind: Kind) -> Stage {
    Stage::new(env!("CARGO_BIN_EXE_fault-node"), kind)
}

/// A caller `a`, one that makes no calls, and counters `b` and `c`, all of which see each other. They start in this `order`: the first
/// serves an embedded registry.
fn four(stage: &Stage, order: [&str; 4]) -> ([FaultNode; 4], [Member; 4]) {
    let mut nodes = order.map(|name| match name {
        "a" | "quiet" => stage.caller(name),
        _ => stage.counter(name),
    });
    nodes.sort_by(|one, other| one.name().cmp(other.name()));
    let members = nodes.each_ref().map(|node| match node.name() {
        "a" | "quiet" => Member::caller(node),
        _ => Member::counter(node),
    });
    for node in &mut nodes {
        await_view(node, &members.each_ref());
    }
    (nodes, members)
}

/// A caller `a` and a counter `b` that see each other.
fn two(stage: &Stage) -> [FaultNode; 2] {
    let mut nodes = [stage.caller("a"), stage.counter("b")];
    let members = [Member::caller(&nodes[0]), Member::counter(&nodes[1])];
    for node in &mut nodes {
        await_view(node, &members.each_ref());
    }
    nodes
}

/// Blocks every worker of `b` for twice as long as its lease.
fn blocked(kind: Kind, order: [&str; 4]) {
    let stage = stage(kind);
    let ([mut a, mut b, mut c, mut quiet], members) = four(&stage, order);
    a.steady(2, ANY, 5, LONG);
    await_calls(&mut a, "calls to both", |it| it.done_by("b") > 10 && it.done_by("c") > 10);
    let _ = a.stop();
    b.block(Duration::from_secs(10));
    let since = Instant::now();
    // It arrives, and nobody can run it yet.
    a.burst(1, "b", 0, LONG);
    until("the peer to say that it is late", || a.log().contains("the peer's workers are held up").then_some(()));
    let late = since.elapsed();
    let before = a.summary();
    // Whoever joins meanwhile is served by the registry, wherever that is.
    let mut newcomer = stage.caller("newcomer");
    let joined = since.elapsed();
    a.steady(2, ANY, 5, Duration::from_secs(20));
    await_calls(&mut a, "calls to the others", |it| it.done_by("c") > before.done_by("c") + 200);
    let chosen = a.stop_without(1);
    assert!(since.elapsed() < Duration::from_secs(10), "the calls took too long for the test to say anything");
    assert_eq!(chosen.done_by("b"), before.done_by("b"), "a late node is chosen last");
    await_calls(&mut a, "the answer of the blocked node", |it| it.pending == 0);
    let answered = since.elapsed();
    let joiner = Member::caller(&newcomer);
    for node in [&mut a, &mut b, &mut c, &mut quiet, &mut newcomer] {
        await_view(node, &members.iter().chain([&joiner]).collect::<Vec<_>>());
    }
    for node in [&mut a, &mut c, &mut quiet, &mut newcomer] {
        expect_no_flap(node, &members.each_ref());
    }
    for node in [&a, &b, &c, &quiet] {
        assert!(!node.log().contains("link down"), "`{}` lost a link", node.name());
        assert!(!node.log().contains("this node is not written in the registry"), "`{}` lost its lease", node.name());
    }
    let calls = a.outcomes();
    expect_definite(&calls);
    assert_eq!(a.summary().failed(), 0, "{:?}", a.summary());
    Executed::read(stage.folder()).expect_truth(&calls);
    println!(
        "measured: workers blocked for 10 s ({kind:?}): said to be late after {late:?}, another joined after {joined:?}, answered after {answered:?}"
    );
}

#[test]
fn workers_that_are_blocked_for_longer_than_the_lease_cost_neither_links_nor_the_lease() {
    thread::scope(|scope| {
        scope.spawn(|| blocked(Kind::Embedded, ["a", "quiet", "b", "c"]));
        scope.spawn(|| blocked(Kind::Etcd, ["a", "quiet", "b", "c"]));
    });
}

#[test]
fn blocked_workers_of_the_process_that_serves_the_registry_hold_up_nobody_else() {
    blocked(Kind::Embedded, ["b", "a", "quiet", "c"]);
}

#[test]
fn a_frozen_process_is_noticed_within_the_heartbeat_and_its_grace() {
    let stage = stage(Kind::Embedded);
    let [mut a, b] = two(&stage);
    a.burst(1, "b", 30_000, LONG);
    until("the call to run", || Some(Executed::read(stage.folder())).filter(|it| it.requests() == 1));
    let frozen = Instant::now();
    b.freeze();
    await_calls(&mut a, "the outcome of a call to a frozen process", |it| it.pending == 0);
    let noticed = frozen.elapsed();
    // 2 s, and the noise of the machine.
    assert!(noticed < Duration::from_millis(4500), "noticed after {noticed:?}");
    let calls = a.outcomes();
    assert!(matches!(&calls[0].outcome, Outcome::MaybeExecuted(why) if why.contains("link")), "{calls:?}");
    println!("measured: SIGSTOP noticed in {noticed:?}");
}

#[test]
fn large_messages_end_no_link_and_those_over_the_limit_are_refused_while_other_calls_go_on() {
    let stage = stage(Kind::Embedded);
    let [mut a, b] = two(&stage);
    a.steady(2, "b", 5, Duration::from_secs(5));
    await_calls(&mut a, "the first calls", |it| it.done_by("b") > 10);
    let before = a.summary().done_by("b");
    a.large(8 << 20, "b", LONG);
    a.large(300 << 20, "b", LONG);
    let refused = await_calls(&mut a, "the refusal of what is too large", |it| it.not_executed == 1);
    let meanwhile = a.summary().done_by("b") - before;
    assert!(meanwhile > 20, "{meanwhile} other calls were answered within {refused:?}");
    let summary = a.stop();
    let calls = a.outcomes();
    expect_definite(&calls);
    assert_eq!((summary.not_executed, summary.maybe_executed), (1, 0), "{summary:?}");
    assert!(summary.last_error.contains("over the limit"), "{summary:?}");
    for node in [&a, &b] {
        assert!(!node.log().contains("link down"), "`{}` lost its link", node.name());
    }
    Executed::read(stage.folder()).expect_truth(&calls);
    println!(
        "measured: 300 MiB refused after {refused:?}, {meanwhile} calls meanwhile, the slowest of all calls {} ms",
        summary.slowest_ms
    );
}
