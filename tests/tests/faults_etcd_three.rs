//! An etcd of three members: one that dies or stands still costs nobody anything, two take the registry away and no more, and what is
//! restored from a backup is put right.

use std::{collections::BTreeSet, thread, time::Duration};

use ember_tests::{
    etcd_members::EtcdMembers,
    faults::{ANY, FaultNode, Member, Place, Stage, await_calls, await_view, expect_no_flap},
    wait::until,
};
use tokio::time::Instant;

const LONG: Duration = Duration::from_secs(25);
/// Generous: the promise is 5 s, and one more time to live for those who died.
const RIGHT_AGAIN: Duration = Duration::from_secs(20);

/// Two nodes that call each other and themselves all the time, over an etcd of three.
struct Cluster {
    nodes: Vec<FaultNode>,
    stage: Stage,
    etcd: EtcdMembers,
}

impl Cluster {
    fn start(etcd: EtcdMembers) -> Self {
        let stage = Stage::at(env!("CARGO_BIN_EXE_fault-node"), Place::Etcd(etcd.addresses()));
        let nodes = ["a", "b"].map(|name| stage.counter(name)).into();
        let mut cluster = Self { nodes, stage, etcd };
        cluster.views(&[]);
        for node in &mut cluster.nodes {
            node.steady(2, ANY, 5, LONG);
        }
        cluster.calls_go_on();
        cluster
    }

    fn members(&self) -> Vec<Member> {
        self.nodes.iter().map(Member::counter).collect()
    }

    /// Waits until both see both, and `more`, and nobody else.
    fn views(&mut self, more: &[&Member]) {
        let members = self.members();
        let wanted: Vec<_> = members.iter().chain(more.iter().copied()).collect();
        for node in &mut self.nodes {
            await_view(node, &wanted);
        }
    }

    fn calls_go_on(&mut self) {
        for node in &mut self.nodes {
            let before = node.summary();
            let more = |it: &str, now: &ember_tests::faults::Summary| now.done_by(it) > before.done_by(it) + 20;
            await_calls(node, "calls to both", |now| more("a", now) && more("b", now));
        }
    }

    /// Waits until another node has started, is seen by both, has left, and is seen by nobody; how long that took. `beside` are there too.
    fn another_comes_and_goes(&mut self, beside: &[&Member]) -> Duration {
        let started = Instant::now();
        let mut another = self.stage.counter("another");
        self.views(&[beside, &[&Member::counter(&another)]].concat());
        another.terminate();
        assert!(another.exit().success());
        self.views(beside);
        started.elapsed()
    }

    /// Ends the calls: none failed, and neither node ever left the view of the other.
    fn expect_nothing_happened(&mut self) {
        let members = self.members();
        let members: Vec<_> = members.iter().collect();
        for node in &mut self.nodes {
            let summary = node.stop();
            assert_eq!(summary.failed(), 0, "calls of `{}`: {summary:?}", node.name());
            expect_no_flap(node, &members);
        }
    }
}

#[test]
fn one_endpoint_that_is_dead_costs_nothing_wherever_it_stands_in_the_list() {
    let mut etcd = EtcdMembers::start();
    etcd.stop(&[0]);
    etcd.leader();
    // With the first endpoint dead from the start: nodes start, register, and come and go.
    let mut cluster = Cluster::start(etcd);
    let dead_from_the_start = cluster.another_comes_and_goes(&[]);
    cluster.etcd.start_again(&[0]);
    // And with another one that dies while it is used, the leader last of all.
    let leader = cluster.etcd.leader();
    cluster.etcd.stop(&[leader]);
    let killed = Instant::now();
    cluster.calls_go_on();
    let comes_and_goes = cluster.another_comes_and_goes(&[]);
    assert!(killed.elapsed() < RIGHT_AGAIN, "{:?}", killed.elapsed());
    cluster.expect_nothing_happened();
    println!(
        "measured: one of three endpoints dead: a node started, was seen and left in {dead_from_the_start:?}; after the leader's death in {comes_and_goes:?}"
    );
}

#[test]
fn a_leader_that_stands_still_disturbs_nobody_and_nodes_come_and_go_meanwhile() {
    let mut cluster = Cluster::start(EtcdMembers::start());
    let leader = cluster.etcd.leader();
    cluster.etcd[leader].freeze();
    let frozen = Instant::now();
    cluster.calls_go_on();
    let meanwhile = cluster.another_comes_and_goes(&[]);
    assert!(meanwhile < RIGHT_AGAIN, "{meanwhile:?}");
    until("the lease to be over", || (frozen.elapsed() > Duration::from_secs(6)).then_some(()));
    cluster.etcd[leader].thaw();
    let after = cluster.another_comes_and_goes(&[]);
    cluster.expect_nothing_happened();
    println!(
        "measured: etcd's leader frozen: a node started, was seen and left in {meanwhile:?}; afterwards in {after:?}"
    );
}

#[test]
fn a_quorum_that_is_lost_and_comes_back_disturbs_nobody() {
    let mut cluster = Cluster::start(EtcdMembers::start());
    cluster.etcd.stop(&[0, 1]);
    let lost = Instant::now();
    let members = cluster.members();
    // Longer than the lease: each is kept for its link.
    while lost.elapsed() < Duration::from_secs(7) {
        for node in &mut cluster.nodes {
            let view: BTreeSet<String> = node.members();
            assert!(members.iter().all(|member| member.is_in(&view)), "`{}` sees {view:?}", node.name());
        }
        // tidy: sleep: between two looks; the time that passes is what is tested
        thread::sleep(Duration::from_millis(100));
    }
    cluster.etcd.start_again(&[0, 1]);
    let back = Instant::now();
    cluster.etcd.leader();
    let took = cluster.another_comes_and_goes(&[]);
    assert!(back.elapsed() < RIGHT_AGAIN, "{:?}", back.elapsed());
    cluster.expect_nothing_happened();
    println!("measured: a quorum lost for 7 s: a node started, was seen and left {took:?} after there was a leader");
}

#[test]
fn an_etcd_that_is_restored_from_a_backup_is_put_right_and_forgets_who_has_left_since() {
    let mut cluster = Cluster::start(EtcdMembers::start());
    // The backup has a node that is gone when it is restored, and lacks one that has come since.
    let mut gone = cluster.stage.counter("gone");
    cluster.views(&[&Member::counter(&gone)]);
    let backup = cluster.stage.folder().join("backup");
    cluster.etcd.save(&backup);
    gone.terminate();
    assert!(gone.exit().success());
    let new = cluster.stage.counter("new");
    let new_member = Member::counter(&new);
    cluster.views(&[&new_member]);
    let before: BTreeSet<_> = cluster.etcd.keys("/ember/faults/").into_iter().collect();
    cluster.etcd.stop(&[0, 1, 2]);
    cluster.etcd.start_restored(&backup);
    let back = Instant::now();
    // The lease of who has gone starts anew, and ends.
    until("etcd to hold those who live, and nobody else", || {
        let keys: BTreeSet<_> = cluster.etcd.keys("/ember/faults/").into_iter().collect();
        (keys == before).then_some(())
    });
    cluster.views(&[&new_member]);
    let right = back.elapsed();
    assert!(right < RIGHT_AGAIN, "{right:?}");
    cluster.calls_go_on();
    cluster.another_comes_and_goes(&[&new_member]);
    cluster.expect_nothing_happened();
    println!(
        "measured: etcd restored from a backup: its entries and the views right after {right:?}, with a lease of 5 s"
    );
}
