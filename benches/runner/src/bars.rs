//! The bars, and whether they are met. They are judged, never asserted: no test fails because a machine is slow.

use harness::Run;

use crate::{
    peers::{EMBER, EMBER_VEC, RACTOR_CLUSTER, Role, TARPC, TONIC},
    results::{Results, cost, cpu},
    statistics::digits,
    work::{
        CALL, CALL_ONE, CALLS_64, ECHO_1M, ECHO_4, ECHO_8M, ECHO_64, NODES, OF_1, OF_2, OF_1024, REGISTER, REMOTE_64,
        REMOTE_512, REMOTE_OF_1, REMOTE_OF_2, REMOTE_ONE, REMOTE_SEND, SEND, SEND_ONE, SPAWN, SPAWN_ONE, WORKS, Work,
    },
};

enum Against {
    /// Whichever is the fastest.
    BestPeer,
    Named(&'static str),
    /// Whichever variant of the floor does best.
    Floor,
}

enum Limit {
    /// So many times as fast.
    Faster(f64),
    /// So many times its time at most.
    Slower(f64),
    /// So many times its CPU time at most.
    Cpu(f64),
}

/// One line of the table of verdicts.
pub(crate) struct Verdict {
    pub(crate) bar: &'static str,
    pub(crate) work: &'static str,
    pub(crate) wanted: String,
    /// What was measured, and whether it is enough.
    pub(crate) found: Option<(String, bool)>,
}

/// All of them, in order.
pub(crate) fn judge(results: &Results) -> Vec<Verdict> {
    use Against::{BestPeer, Floor, Named};
    use Limit::{Cpu, Faster, Slower};

    vec![
        compare(results, CALL, BestPeer, Faster(10.0)),
        compare(results, CALL_ONE, BestPeer, Faster(10.0)),
        at_most(CALL, "allocations per call", 0.0, &|work| results.counted(work, EMBER, |run| Some(run.allocations))),
        compare(results, CALLS_64, BestPeer, Faster(4.0)),
        compare(results, SEND, BestPeer, Faster(4.0)),
        compare(results, SEND_ONE, BestPeer, Faster(4.0)),
        compare(results, SPAWN, BestPeer, Faster(5.0)),
        compare(results, SPAWN_ONE, BestPeer, Faster(5.0)),
        at_most(SPAWN, "bytes of an idle service", 512.0, &|work| results.counted(work, EMBER, |run| run.idle_bytes)),
        compare(results, REMOTE_64, Named(TONIC), Faster(10.0)),
        compare(results, REMOTE_64, Named(TARPC), Faster(6.0)),
        compare(results, REMOTE_64, Named(RACTOR_CLUSTER), Faster(6.0)),
        compare(results, REMOTE_64, Floor, Cpu(1.25)),
        compare(results, REMOTE_512, Named(TONIC), Faster(25.0)),
        compare(results, REMOTE_512, Floor, Cpu(1.5)),
        compare(results, REMOTE_ONE, Floor, Slower(1.35)),
        compare(results, REMOTE_ONE, Named(TARPC), Slower(1.05)),
        compare(results, ECHO_4, BestPeer, Faster(1.0)),
        compare(results, ECHO_4, Floor, Faster(0.7)),
        compare(results, ECHO_64, BestPeer, Faster(1.0)),
        compare(results, ECHO_64, Floor, Faster(0.7)),
        compare(results, REMOTE_SEND, Named(RACTOR_CLUSTER), Faster(40.0)),
        compare(results, REMOTE_SEND, Floor, Faster(0.7)),
        compare(results, ECHO_1M, Named(TONIC), Faster(2.0)),
        compare(results, ECHO_1M, Floor, Faster(0.6)),
        variant(results, ECHO_1M, EMBER_VEC, 1.1),
        compare(results, ECHO_8M, Named(TONIC), Faster(2.0)),
        compare(results, ECHO_8M, Floor, Faster(0.6)),
        variant(results, ECHO_8M, EMBER_VEC, 1.1),
        grows(results, OF_1, OF_2, Slower(1.3)),
        grows(results, OF_1, OF_1024, Slower(1.6)),
        grows(results, REMOTE_OF_1, REMOTE_OF_2, Cpu(1.05)),
        at_most(NODES, "s until all are registered", 5.0, &|work| seconds(results, work, |run| Some(run.ns))),
        at_most(NODES, "s more until each sees all", 2.0, &|work| seconds(results, work, |run| run.settled_ns)),
        at_most(NODES, "KB a node", 300.0, &|work| {
            results.counted(work, EMBER, |run| run.held_bytes).map(|bytes| bytes / 1e3)
        }),
        at_most(REGISTER, "ms until another node sees all", 20.0, &|work| {
            seconds(results, work, |run| Some(run.ns)).map(|seconds| seconds * 1e3)
        }),
    ]
}

fn work(name: &str) -> &'static Work {
    WORKS.iter().find(|work| work.name == name).expect("a name from `work`")
}

fn seconds(results: &Results, work: &Work, ns: fn(&Run) -> Option<f64>) -> Option<f64> {
    results.median(work, EMBER, ns).map(|ns| ns / 1e9)
}

fn at_most(name: &'static str, what: &str, limit: f64, value: &dyn Fn(&Work) -> Option<f64>) -> Verdict {
    let work = work(name);
    // Of a million calls a few allocate, while something grows.
    let found = value(work).map(|value| (digits(value), value < limit + 0.01));
    Verdict { bar: work.bar, work: name, wanted: format!("≤ {limit} {what}"), found }
}

/// How many times more Ember needs for one work than for another.
fn grows(results: &Results, from: &'static str, to: &'static str, limit: Limit) -> Verdict {
    let (from, work) = (work(from), work(to));
    let (what, number, times) = match limit {
        Limit::Cpu(times) => ("CPU", cpu as fn(&_) -> _, times),
        Limit::Faster(times) | Limit::Slower(times) => ("time", cost(work.metric), times),
    };
    let found = results.growth(from, work, EMBER, number).map(|value| (format!("{} ×", digits(value)), value <= times));
    Verdict { bar: work.bar, work: to, wanted: format!("≤ {times} × the {what} of “{}”", from.name), found }
}

/// What a variant of Ember needs, in times of what Ember does.
fn variant(results: &Results, name: &'static str, variant: &'static str, times: f64) -> Verdict {
    let work = work(name);
    let ratio = results.ratio(work, variant, EMBER, cost(work.metric));
    let found = ratio.map(|ratio| (format!("{} ×", digits(ratio)), ratio <= times));
    Verdict { bar: work.bar, work: name, wanted: format!("{variant}: ≤ {times} × the time with `Bytes`"), found }
}

fn compare(results: &Results, name: &'static str, against: Against, limit: Limit) -> Verdict {
    let work = work(name);
    let number = match limit {
        Limit::Faster(_) | Limit::Slower(_) => cost(work.metric),
        Limit::Cpu(_) => cpu,
    };
    let best = |role| {
        let median = |framework: &&crate::peers::Framework| results.median(work, framework.name, number);
        let frameworks = results.with_role(work, role).into_iter();
        frameworks.min_by(|a, b| median(a).unwrap_or(f64::MAX).total_cmp(&median(b).unwrap_or(f64::MAX)))
    };
    let other = match against {
        Against::BestPeer => best(Role::Peer).map(|framework| framework.name),
        Against::Floor => best(Role::Floor).map(|framework| framework.name),
        Against::Named(name) => Some(name),
    };
    let ratio = other.and_then(|other| results.ratio(work, EMBER, other, number));
    let whom = match (&against, other) {
        (Against::BestPeer, Some(other)) => format!("the best peer ({other})"),
        (Against::BestPeer, None) => "the best peer".to_owned(),
        (Against::Floor, Some(other)) => other.to_owned(),
        (Against::Floor, None) => "the floor".to_owned(),
        (Against::Named(name), _) => (*name).to_owned(),
    };
    let (wanted, found) = match limit {
        Limit::Faster(times) => {
            (format!("≥ {times} × as fast as {whom}"), ratio.map(|ratio| (1.0 / ratio, 1.0 / ratio >= times)))
        }
        Limit::Slower(times) => (format!("≤ {times} × the time of {whom}"), ratio.map(|ratio| (ratio, ratio <= times))),
        Limit::Cpu(times) => (format!("≤ {times} × the CPU of {whom}"), ratio.map(|ratio| (ratio, ratio <= times))),
    };
    let found = found.map(|(value, met)| (format!("{} ×", digits(value)), met));
    Verdict { bar: work.bar, work: name, wanted, found }
}
