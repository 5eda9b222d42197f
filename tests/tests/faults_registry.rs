//! What nodes make of a registry that is away, frozen, empty, compacted, or moved to another process: running calls do not
//! notice, and nobody who is alive leaves anybody's view.

use std::{thread, time::Duration};

use ember_runtime::registry::{Etcd, Session};
use ember_tests::{
    etcd_process::EtcdProcess,
    faults::{ANY, Direction, FaultNode, Kind, Member, Place, Stage, Wire, await_calls, await_view, expect_no_flap},
    registry::open,
    wait::until,
};
use tokio::{runtime::Runtime, time::Instant};

const LONG: Duration = Duration::from_secs(25);
/// Generous: the promise is 5 s.
const RIGHT_AGAIN: Duration = Duration::from_secs(10);

fn stage(kind: Kind) -> Stage {
    Stage::new(env!("CARGO_BIN_EXE_fault-node"), kind)
}

/// 12 s, or 60 s in a soak test.
fn outage() -> Duration {
    let scale = std::env::var("EMBER_TEST_SCALE").ok().and_then(|scale| scale.parse::<u32>().ok()).unwrap_or(1);
    Duration::from_secs(if scale >= 10 { 60 } else { 12 })
}

/// Three nodes that call each other all the time, and one that nobody calls: no link tells whether that one lives.
struct Cluster {
    nodes: Vec<FaultNode>,
    members: Vec<Member>,
}

impl Cluster {
    fn start(stage: &Stage) -> Self {
        let mut cluster = Self { nodes: Vec::new(), members: Vec::new() };
        cluster.join_and_call(stage);
        cluster
    }

    fn join_and_call(&mut self, stage: &Stage) {
        self.nodes = ["a", "b", "c"].map(|name| stage.counter(name)).into();
        self.members.extend(self.nodes.iter().map(Member::counter));
        let quiet = stage.caller("quiet");
        self.members.push(Member::caller(&quiet));
        self.nodes.push(quiet);
        self.await_views(&[]);
        for node in &mut self.nodes[..3] {
            node.steady(2, ANY, 5, LONG);
        }
        for node in &mut self.nodes[..3] {
            await_calls(node, "calls to all", |it| ["a", "b", "c"].iter().all(|name| it.done_by(name) > 10));
        }
    }

    /// Waits until all see all, and `more`.
    fn await_views(&mut self, more: &[&Member]) {
        let wanted: Vec<_> = self.members.iter().chain(more.iter().copied()).collect();
        for node in &mut self.nodes {
            await_view(node, &wanted);
        }
    }

    /// For as long as `time`: all see all.
    fn expect_nothing_changes_for(&mut self, time: Duration) {
        let started = Instant::now();
        while started.elapsed() < time {
            for node in &mut self.nodes {
                let view = node.members();
                assert!(self.members.iter().all(|member| member.is_in(&view)), "`{}` sees {view:?}", node.name());
            }
            // tidy: sleep: between two looks; the time that passes is what is tested
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// Ends the calls: none failed, and nobody left or joined in anybody's view.
    fn expect_nothing_happened(&mut self) {
        let members: Vec<_> = self.members.iter().collect();
        for node in &mut self.nodes {
            let summary = node.stop();
            assert_eq!(summary.failed(), 0, "calls of `{}`: {summary:?}", node.name());
            expect_no_flap(node, &members);
        }
    }
}

/// What an operator sees in etcd.
struct Operator {
    runtime: Runtime,
    session: std::sync::Arc<dyn Session>,
}

impl Operator {
    fn of(etcd: &EtcdProcess) -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let session = runtime.block_on(open(&Etcd::new([etcd.address()])));
        Self { runtime, session }
    }

    /// Waits until `count` entries of the cluster are there; how long it took since etcd answered.
    fn await_entries(&self, count: usize) -> Duration {
        let list = || self.runtime.block_on(self.session.list("/ember/faults/".into())).ok();
        until("etcd to answer", list);
        let answered = Instant::now();
        until(&format!("{count} entries in etcd"), || list().filter(|found| found.entries.len() == count));
        answered.elapsed()
    }
}

/// Entries of the cluster: a node each, and a counter for three of them.
const ENTRIES: usize = 7;

fn etcd_away(what: &str, come_back: impl FnOnce(&mut EtcdProcess)) {
    let mut stage = stage(Kind::Etcd);
    let mut cluster = Cluster::start(&stage);
    // Dies while the registry is away; no link tells.
    let mut doomed = stage.caller("doomed");
    let doomed_member = Member::caller(&doomed);
    cluster.await_views(&[&doomed_member]);
    let operator = Operator::of(stage.etcd());
    stage.etcd().stop();
    cluster.expect_nothing_changes_for(outage() / 2);
    doomed.kill();
    cluster.expect_nothing_changes_for(outage() / 2);
    come_back(stage.etcd());
    let returned = Instant::now();
    let right = operator.await_entries(ENTRIES);
    cluster.await_views(&[]);
    let gone = returned.elapsed();
    // With its data etcd starts the lease of the dead anew: one more time to live.
    assert!(
        gone < RIGHT_AGAIN + Duration::from_secs(5),
        "a node that died meanwhile was in views {gone:?} after ({what})"
    );
    assert!(right < RIGHT_AGAIN, "etcd had every entry again after {right:?} ({what})");
    // Views follow the registry again: they show who is new, and who leaves.
    let started = Instant::now();
    let mut new = stage.counter("new");
    let member = Member::counter(&new);
    cluster.await_views(&[&member]);
    let joined = started.elapsed();
    new.terminate();
    assert!(new.exit().success());
    cluster.await_views(&[]);
    cluster.expect_nothing_happened();
    println!(
        "measured: etcd away ({what}): its entries right {right:?} after its first answer; who died meanwhile out of the views {gone:?} after the start of etcd; a new node started and was seen in {joined:?}"
    );
}

#[test]
fn etcd_away_and_back_with_its_data_or_with_none_disturbs_nobody() {
    thread::scope(|scope| {
        scope.spawn(|| etcd_away("same data", EtcdProcess::start_again));
        scope.spawn(|| etcd_away("empty", EtcdProcess::start_empty));
    });
}

#[test]
fn etcd_out_of_reach_and_compacted_meanwhile_disturbs_nobody() {
    let mut stage = stage(Kind::Etcd);
    let wire = Wire::to(stage.etcd().address());
    let direct = stage.registry.clone();
    stage.registry = Place::Etcd(vec![wire.address().into()]);
    let mut cluster = Cluster::start(&stage);
    let operator = Operator::of(stage.etcd());
    wire.block(Direction::In);
    wire.block(Direction::Out);
    // Leases expire, another node joins, and the history is forgotten: nobody hears of it.
    let expired = operator.await_entries(0);
    stage.registry = direct;
    let new = stage.counter("new");
    operator.await_entries(2);
    operator.runtime.block_on(async {
        let mut client =
            etcd_client::Client::connect([stage.etcd.as_ref().expect("etcd").address()], None).await.expect("etcd");
        let revision = operator.session.list(String::new()).await.expect("a list").revision;
        client.compact(revision, None).await.expect("to compact");
    });
    cluster.expect_nothing_changes_for(Duration::from_secs(1));
    wire.heal();
    let healed = Instant::now();
    operator.await_entries(ENTRIES + 2);
    let member = Member::counter(&new);
    cluster.await_views(&[&member]);
    let right = healed.elapsed();
    assert!(right < RIGHT_AGAIN, "the views were right after {right:?}");
    cluster.expect_nothing_happened();
    println!("measured: etcd out of reach ({expired:?} until the leases were gone), compacted: right {right:?} after");
}

#[test]
fn etcd_frozen_past_the_leases_disturbs_nobody() {
    let mut stage = stage(Kind::Etcd);
    let mut cluster = Cluster::start(&stage);
    let operator = Operator::of(stage.etcd());
    stage.etcd().freeze();
    cluster.expect_nothing_changes_for(Duration::from_secs(8));
    stage.etcd().thaw();
    let thawed = Instant::now();
    operator.await_entries(ENTRIES);
    let new = stage.counter("new");
    let member = Member::counter(&new);
    cluster.await_views(&[&member]);
    operator.await_entries(ENTRIES + 2);
    let right = thawed.elapsed();
    cluster.expect_nothing_happened();
    println!("measured: etcd frozen for 8 s: right {right:?} after, a new node included");
}

#[test]
fn the_frozen_host_of_the_embedded_registry_disturbs_nobody() {
    let stage = stage(Kind::Embedded);
    let mut host = stage.counter("host");
    let mut cluster = Cluster { nodes: Vec::new(), members: vec![Member::counter(&host)] };
    cluster.join_and_call(&stage);
    host.freeze();
    cluster.expect_nothing_changes_for(Duration::from_secs(8));
    host.thaw();
    let thawed = Instant::now();
    let new = stage.counter("new");
    let member = Member::counter(&new);
    cluster.await_views(&[&member]);
    let right = thawed.elapsed();
    assert!(right < RIGHT_AGAIN, "the views were right after {right:?}");
    let members = cluster.members.clone();
    let everybody: Vec<_> = members.iter().chain([&member]).collect();
    await_view(&mut host, &everybody);
    for node in &mut cluster.nodes {
        let summary = node.stop();
        assert_eq!(summary.not_executed, 0, "{summary:?}");
        // At most one call in each lane was under way to the host.
        assert!(summary.maybe_executed <= 2, "{summary:?}");
        expect_no_flap(node, &everybody);
    }
    expect_no_flap(&mut host, &everybody);
    println!("measured: host of the embedded registry frozen for 8 s: right {right:?} after, a new node included");
}

#[test]
fn another_process_takes_the_embedded_registry_over_when_its_host_is_killed() {
    let stage = stage(Kind::Embedded);
    let mut host = stage.counter("host");
    let mut others = ["b", "c"].map(|name| stage.counter(name));
    let quiet = stage.caller("quiet");
    let quiet_member = Member::caller(&quiet);
    let members = others.each_ref().map(Member::counter);
    let host_member = Member::counter(&host);
    for node in &mut others {
        await_view(node, &[&members[0], &members[1], &host_member, &quiet_member]);
        node.steady(2, ANY, 5, LONG);
    }
    for node in &mut others {
        await_calls(node, "calls to all", |it| ["host", "b", "c"].iter().all(|name| it.done_by(name) > 10));
    }

    host.kill();
    let killed = Instant::now();
    for node in &mut others {
        await_view(node, &[&members[0], &members[1], &quiet_member]);
    }
    let right = killed.elapsed();
    assert!(right < RIGHT_AGAIN, "the views were right after {right:?}");
    let again = stage.counter("host");
    assert_ne!(again.member(), host.member());
    let host_member = Member::counter(&again);
    for node in &mut others {
        await_view(node, &[&members[0], &members[1], &host_member, &quiet_member]);
    }
    let whole = killed.elapsed();
    for node in &mut others {
        let before = node.summary().done_by("host");
        await_calls(node, "calls to the new host", |it| it.done_by("host") > before);
        let summary = node.stop();
        assert_eq!(summary.not_executed, 0, "{summary:?}");
        // At most one call in each lane was under way to the host.
        assert!(summary.maybe_executed <= 2, "{summary:?}");
        expect_no_flap(node, &[&members[0], &members[1], &quiet_member]);
    }
    let logs = [&others[0], &others[1], &quiet].map(|node| node.log()).join("\n");
    for said in [
        "this process serves the embedded registry: it took it over",
        "another process took the embedded registry over",
    ] {
        assert!(logs.contains(said), "`{said}` is not in the logs");
    }
    let again = "this node is written in the registry again";
    assert!(!logs.contains(again), "whoever took it over knew all leases");
    println!("measured: host of the embedded registry killed: views right in {right:?}; restarted, seen in {whole:?}");
}

fn replaced(kind: Kind) {
    let stage = stage(kind);
    let mut a = stage.caller("a");
    let mut b = stage.counter("b");
    let observer = Member::caller(&a);
    await_view(&mut a, &[&observer, &Member::counter(&b)]);
    a.steady(2, "b", 5, LONG);
    await_calls(&mut a, "the first calls", |it| it.done_by("b") > 10);
    b.kill();
    let killed = Instant::now();
    let b = stage.counter("b");
    await_view(&mut a, &[&observer, &Member::counter(&b)]);
    let replaced = killed.elapsed();
    let before = a.summary().done_by("b");
    await_calls(&mut a, "calls to the second run", |it| it.done_by("b") > before + 10);
    let summary = a.stop();
    assert_eq!(summary.not_executed, 0, "{summary:?}");
    assert!(summary.maybe_executed <= 2, "{summary:?}");
    println!("measured: killed and restarted under its name ({kind:?}): replaced in {replaced:?}");
}

#[test]
fn a_node_that_restarts_takes_the_place_of_its_earlier_run_at_once() {
    thread::scope(|scope| {
        scope.spawn(|| replaced(Kind::Embedded));
        scope.spawn(|| replaced(Kind::Etcd));
    });
}
