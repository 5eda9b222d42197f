//! What becomes of calls when the process that they went to dies, freezes, or is cut off.

use std::{collections::BTreeMap, thread, time::Duration};

use ember_tests::{
    etcd_process::free_port,
    faults::{
        ANY, Direction, Executed, FaultNode, Kind, Member, Outcome, Record, Sort, Stage, Wire, await_calls, await_view,
        expect_definite, expect_no_flap,
    },
    wait::until,
};
use tokio::time::Instant;

const LONG: Duration = Duration::from_secs(25);
const SHORT: Duration = Duration::from_millis(700);

fn stage(kind: Kind) -> Stage {
    Stage::new(env!("CARGO_BIN_EXE_fault-node"), kind)
}

/// A caller `a`, and two nodes with counters, that see each other; calls run from `a` to `b` and `c`.
fn three(stage: &Stage) -> [FaultNode; 3] {
    let mut nodes = [stage.caller("a"), stage.counter("b"), stage.counter("c")];
    let members = [Member::caller(&nodes[0]), Member::counter(&nodes[1]), Member::counter(&nodes[2])];
    for node in &mut nodes {
        await_view(node, &members.each_ref());
    }
    nodes
}

/// More calls than a mailbox takes, to one node, once it has begun to execute them.
fn burst(stage: &Stage, caller: &mut FaultNode, to: &str) {
    caller.burst(1600, to, 5, LONG);
    let record = stage.folder().join(format!("{to}.record"));
    until("the first calls to run", || {
        let lines = std::fs::read_to_string(&record).unwrap_or_default().lines().count();
        (lines >= 20).then_some(())
    });
    let summary = until("the mailbox to refuse what it cannot hold", || {
        Some(caller.summary()).filter(|summary| summary.not_executed > 0)
    });
    assert!(summary.pending >= 1000, "too few calls in flight: {summary:?}");
}

fn killed_under_calls(kind: Kind) {
    let stage = stage(kind);
    let [mut a, mut b, mut c] = three(&stage);
    let (ma, mc) = (Member::caller(&a), Member::counter(&c));
    c.steady(4, ANY, 2, LONG);
    burst(&stage, &mut a, "b");
    let killed = Instant::now();
    b.kill();
    // New calls to the dead: certainly not executed.
    a.burst(50, "b", 0, SHORT);
    await_calls(&mut a, "the outcome of calls to a killed process", |it| it.pending <= 50);
    let answered = killed.elapsed();
    assert!(answered < Duration::from_secs(1), "calls in flight were pending for {answered:?}");
    await_calls(&mut a, "the outcome of calls to a dead process", |it| it.pending == 0);
    let gone = until("the killed node to leave the views", || {
        let both = [a.members(), c.members()];
        both.iter().all(|view| view.len() == 3).then(|| killed.elapsed())
    });
    await_view(&mut a, &[&ma, &mc]);
    let before = c.summary().done_by("c");
    await_calls(&mut c, "calls to the survivor", |it| it.done_by("c") > before + 20);
    c.stop();

    let executed = Executed::read(stage.folder());
    let (of_a, of_c) = (a.outcomes(), c.outcomes());
    expect_definite(&of_a);
    expect_definite(&of_c);
    executed.expect_truth(&of_a);
    executed.expect_truth(&of_c);
    let summary = a.summary();
    assert!(summary.maybe_executed >= 900, "{summary:?}");
    assert!(summary.not_executed >= 50, "{summary:?}");
    assert_eq!(summary.in_flight, 0);
    println!("measured: SIGKILL ({kind:?}): calls in flight answered in {answered:?}, out of the views in {gone:?}");
}

#[test]
fn calls_to_a_killed_process_end_at_once_and_truly_embedded() {
    killed_under_calls(Kind::Embedded);
}

#[test]
fn calls_to_a_killed_process_end_at_once_and_truly_etcd() {
    killed_under_calls(Kind::Etcd);
}

#[test]
fn calls_by_pid_to_a_killed_process_end_long_before_its_lease_and_their_deadline() {
    let stage = stage(Kind::Embedded);
    let mut a = stage.caller("a");
    let mut lasting = stage.configuration("b");
    lasting.lease = Duration::from_secs(60);
    let mut b = stage.ready(&lasting);
    let members = [Member::caller(&a), Member::counter(&b)];
    await_view(&mut a, &members.each_ref());
    a.burst(10, "pid:b", 0, LONG);
    await_calls(&mut a, "calls by pid", |it| it.done_by("b") == 10);
    b.kill();
    let killed = Instant::now();
    a.burst(50, "pid:b", 0, LONG);
    await_calls(&mut a, "the outcome of calls by pid", |it| it.pending == 0);
    let answered = killed.elapsed();
    assert!(answered < Duration::from_secs(10), "they were pending for {answered:?}");
    a.burst(1, "pid:b", 0, LONG);
    await_calls(&mut a, "the outcome of a later call", |it| it.pending == 0);
    let calls = a.outcomes();
    expect_definite(&calls);
    let last = calls.last().expect("a call");
    assert!(matches!(&last.outcome, Outcome::NotExecuted(why) if why.contains("its process has ended")), "{last:?}");
    assert!(last.took_ms < 10_000, "{last:?}");
    Executed::read(stage.folder()).expect_truth(&calls);
    println!("measured: SIGKILL: calls by pid answered in {answered:?}, a later one in {} ms", last.took_ms);
}

const KEYS: u64 = 16;

/// Who has executed the last call of each key that was, of those that were made after the first `after`.
fn by_key(calls: &[Record], after: usize) -> BTreeMap<u64, String> {
    let done = |call: &Record| match &call.outcome {
        Outcome::Done(by) => Some((call.id.rsplit_once('/')?.1.parse().ok()?, by.clone())),
        _ => None,
    };
    calls.iter().skip(after).filter_map(done).collect()
}

/// Waits until a call of each key was executed that was made from now on, and `who` is true of who did.
fn await_keys(
    caller: &mut FaultNode,
    what: &str,
    who: impl Fn(&BTreeMap<u64, String>) -> bool,
) -> BTreeMap<u64, String> {
    let after = caller.outcomes().len();
    until(what, || {
        let by = by_key(&caller.outcomes(), after);
        (by.len() as u64 == KEYS && who(&by)).then_some(by)
    })
}

#[test]
fn the_keys_of_a_sharded_service_whose_process_is_killed_are_served_by_another_until_it_is_back() {
    let stage = stage(Kind::Embedded);
    let mut a = stage.caller("a");
    let [mut b, mut c] = ["b", "c"].map(|name| stage.ready(&stage.configuration(name).sharded()));
    let members = [Member::caller(&a), Member::sharded(&b), Member::sharded(&c)];
    await_view(&mut a, &members.each_ref());
    a.keys(KEYS, 3, LONG);
    let both = |by: &BTreeMap<u64, String>| ["b", "c"].iter().all(|name| by.values().any(|by| by == name));
    let before = await_keys(&mut a, "a call of each key", both);
    assert_eq!(await_keys(&mut a, "another", |_| true), before, "each key has its instance");
    assert_eq!([b.most(), c.most()], [2; 2], "as many shards are at work as there are workers");
    b.kill();
    let killed = Instant::now();
    await_keys(&mut a, "the other process to serve all keys", |by| by.values().all(|by| by == "c"));
    let taken_over = killed.elapsed();
    let _again = stage.ready(&stage.configuration("b").sharded());
    await_keys(&mut a, "the new process to have its keys back", |by| *by == before);
    let summary = a.stop();
    let calls = a.outcomes();
    expect_definite(&calls);
    Executed::read(stage.folder()).expect_truth(&calls);
    assert!(summary.maybe_executed > 0, "nothing was under way there: {summary:?}");
    assert!(summary.failed() <= KEYS, "a key costs the call that was under way, and no other: {summary:?}");
    assert_eq!(c.most(), 2);
    println!("measured: SIGKILL: all keys served by the other {taken_over:?} later, {} calls failed", summary.failed());
}

fn frozen_under_calls(kind: Kind, longer_than_the_lease: bool) {
    let stage = stage(kind);
    let [mut a, b, mut c] = three(&stage);
    a.send(100, "b");
    burst(&stage, &mut a, "b");
    let frozen = Instant::now();
    b.freeze();
    c.steady(2, ANY, 5, LONG);
    await_calls(&mut a, "the outcome of calls to a frozen process", |it| it.pending == 0);
    let answered = frozen.elapsed();
    assert!(answered < Duration::from_secs(8), "calls in flight were pending for {answered:?}");

    // The suspect is skipped: calls go to the other one, without a failure.
    c.stop();
    let before = c.summary();
    c.steady(2, ANY, 5, LONG);
    await_calls(&mut c, "calls to the others", |it| it.done_by("c") > before.done_by("c") + 100);
    let after = c.summary();
    assert_eq!(after.failed(), before.failed(), "calls went to a suspect: {after:?}");
    assert_eq!(after.done_by("b"), before.done_by("b"));
    if longer_than_the_lease {
        until("the frozen node to leave the views", || (c.members().len() == 3).then_some(()));
    }
    let away = frozen.elapsed();

    b.thaw();
    let thawed = Instant::now();
    let back = await_calls(&mut c, "calls to the thawed node", |it| it.done_by("b") > before.done_by("b"));
    let (members, mut b) = ([Member::caller(&a), Member::counter(&b), Member::counter(&c)], b);
    for node in [&mut a, &mut b, &mut c] {
        await_view(node, &members.each_ref());
    }
    let whole = thawed.elapsed();
    assert!(back < Duration::from_secs(10), "the thawed node was called again after {back:?}");
    let summary = c.stop();
    assert_eq!(summary.not_executed, 0, "{summary:?}");
    expect_no_flap(&mut b, &[&members[0], &members[2]]);
    expect_no_flap(&mut c, &[&members[0], &members[2]]);

    let executed = Executed::read(stage.folder());
    let (of_a, of_c) = (a.outcomes(), c.outcomes());
    expect_definite(&of_a);
    executed.expect_truth(&of_a);
    executed.expect_truth(&of_c);
    assert!(a.summary().not_executed > 0, "no call was refused, so nothing was proved of those");
    println!(
        "measured: SIGSTOP of {away:?} ({kind:?}): calls in flight answered in {answered:?}; after SIGCONT called again in \
         {back:?}, views whole in {whole:?}"
    );
}

#[test]
fn calls_to_a_frozen_process_end_by_heartbeat_and_it_comes_back_within_its_lease() {
    frozen_under_calls(Kind::Embedded, false);
}

#[test]
fn calls_to_a_frozen_process_end_by_heartbeat_and_it_comes_back_after_its_lease() {
    frozen_under_calls(Kind::Etcd, true);
}

/// A caller `a` and a node `b` with a wire before each; all that goes from one to the other goes through one of them.
struct Pair {
    stage: Stage,
    a: FaultNode,
    b: FaultNode,
    to_a: Wire,
    to_b: Wire,
}

impl Pair {
    fn new() -> Self {
        let stage = stage(Kind::Embedded);
        let wired = |name: &str| {
            let listen = format!("127.0.0.1:{}", free_port());
            let wire = Wire::to(listen.clone());
            let mut configuration = stage.configuration(name);
            configuration.advertise = Some(wire.address().into());
            configuration.listen = Some(listen);
            (wire, configuration)
        };
        let ((to_a, a), (to_b, b)) = (wired("a"), wired("b"));
        let (mut a, mut b) = (stage.ready(&a.caller()), stage.ready(&b));
        let members = [Member::caller(&a), Member::counter(&b)];
        await_view(&mut a, &members.each_ref());
        await_view(&mut b, &members.each_ref());
        Self { stage, a, b, to_a, to_b }
    }

    fn block_calls(&self) {
        self.to_b.block(Direction::In);
        self.to_a.block(Direction::Out);
    }

    fn block_replies(&self) {
        self.to_b.block(Direction::Out);
        self.to_a.block(Direction::In);
    }

    fn heal(&self) {
        self.to_a.heal();
        self.to_b.heal();
    }
}

fn cut_off(what: &str, cut: impl FnOnce(&Pair)) {
    let mut pair = Pair::new();
    burst(&pair.stage, &mut pair.a, "b");
    let started = Instant::now();
    cut(&pair);
    pair.a.burst(50, "b", 0, Duration::from_secs(3));
    await_calls(&mut pair.a, "the outcome of calls over a cut wire", |it| it.pending == 0);
    let answered = started.elapsed();
    assert!(answered < Duration::from_secs(10), "calls over a cut wire were pending for {answered:?} ({what})");
    let before = pair.a.summary();
    assert_eq!(before.in_flight, 0, "{what}");
    pair.heal();
    let started = Instant::now();
    pair.a.steady(2, "b", 5, LONG);
    await_calls(&mut pair.a, "calls over a new link", |it| it.done_by("b") > before.done_by("b") + 20);
    let healed = started.elapsed();
    let after = pair.a.stop();
    assert_eq!(after.failed(), before.failed(), "{what}: {after:?}");
    assert!(healed < Duration::from_secs(10), "calls went on {healed:?} after the wire was whole ({what})");

    let calls = pair.a.outcomes();
    expect_definite(&calls);
    Executed::read(pair.stage.folder()).expect_truth(&calls);
    assert_eq!(pair.a.summary().in_flight, 0, "{what}");
    assert_eq!(pair.b.members(), pair.a.members(), "{what}");
    println!("measured: {what}: calls answered in {answered:?}; healed, calls went on in {healed:?}");
}

#[test]
fn calls_over_a_wire_that_drops_everything_end_and_a_new_link_follows() {
    cut_off("black hole", |pair| {
        pair.block_calls();
        pair.block_replies();
    });
}

#[test]
fn calls_over_a_wire_that_drops_one_direction_end_and_a_new_link_follows() {
    thread::scope(|scope| {
        scope.spawn(|| cut_off("calls dropped", Pair::block_calls));
        scope.spawn(|| cut_off("replies dropped", Pair::block_replies));
    });
}

#[test]
fn calls_end_when_one_of_the_two_connections_of_a_link_drops_everything_and_a_new_link_follows() {
    thread::scope(|scope| {
        for (what, sort) in [("calls alone dropped", Sort::Calls), ("heartbeats alone dropped", Sort::Heartbeats)] {
            scope.spawn(move || {
                cut_off(what, |pair| {
                    pair.to_a.block_only(sort);
                    pair.to_b.block_only(sort);
                });
            });
        }
    });
}

#[test]
fn calls_over_a_connection_that_is_reset_end_and_a_new_link_follows() {
    cut_off("reset", |pair| {
        pair.to_a.reset();
        pair.to_b.reset();
    });
}
