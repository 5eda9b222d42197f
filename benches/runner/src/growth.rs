//! P10: how the cost of a call grows, as curves.

use std::{borrow::Cow, fmt::Write as _};

use harness::Workload;

use crate::{
    peers::{EMBER, FRAMEWORKS, Framework, TONIC},
    results::{Results, cost, cpu},
    statistics::{digits, median, range},
    work::{Metric, Work},
};

/// One thing that grows, while the rest stays.
pub(crate) struct Curve {
    pub(crate) title: &'static str,
    /// What grows.
    pub(crate) axis: &'static str,
    pub(crate) points: Vec<(String, Work)>,
    frameworks: &'static [&'static str],
    /// Cost at any point is to be at most so many times that at the first.
    limit: Option<f64>,
}

impl Curve {
    pub(crate) fn frameworks(&self) -> impl Iterator<Item = &'static Framework> {
        let side = self.points[0].1.side;
        FRAMEWORKS.iter().filter(move |framework| framework.side == side && self.frameworks.contains(&framework.name))
    }
}

const BYTES: [usize; 6] = [16, 256, 4 << 10, 64 << 10, 256 << 10, 1 << 20];

pub(crate) fn curves() -> Vec<Curve> {
    let call = Work::local("P10", "", Workload::Call, 2, 1);
    let call_64 = Work { in_flight: 64, ..call.clone() };
    let remote = Work::remote("P10", "", Workload::Call, 64, 0);
    let few = Work { workload: Workload::Echo, in_flight: 8, ..remote.clone() };
    let ember = &[EMBER][..];
    let remotes = &[EMBER, TONIC, "raw TCP, one yield"][..];
    vec![
        curve("local call", "spawned services on the node", ember, Some(1.1), [0, 1_000, 10_000, 100_000], |n| Work {
            services: n,
            ..call.clone()
        }),
        curve(
            "remote, 64 in flight",
            "spawned services on the server",
            ember,
            Some(1.1),
            [0, 1_000, 10_000, 100_000],
            |n| Work { services: n, ..remote.clone() },
        ),
        curve("local call", "further nodes in the view", ember, Some(1.1), [0, 1, 10, 100, 1_000], |n| Work {
            nodes: n,
            ..call.clone()
        }),
        curve("remote, 64 in flight", "further nodes in the view", ember, Some(1.1), [0, 10, 100, 1_000], |n| Work {
            nodes: n,
            ..remote.clone()
        }),
        curve("remote echo, 8 in flight", "bytes", remotes, None, BYTES, |n| Work { payload: n, ..few.clone() }),
        curve("remote", "in flight", remotes, None, [1, 4, 16, 64, 256, 1_000], |n| Work {
            in_flight: n,
            ..remote.clone()
        }),
        curve("64 local callers", "workers", &[EMBER, "ractor", "tokio channel"], None, [1, 2, 4], |n| Work {
            workers: n,
            ..call_64.clone()
        }),
        curve("remote, 64 in flight", "workers on each side", remotes, None, [1, 2, 4], |n| Work {
            workers: n,
            ..remote.clone()
        }),
    ]
}

fn curve<const N: usize>(
    title: &'static str,
    axis: &'static str,
    frameworks: &'static [&'static str],
    limit: Option<f64>,
    values: [usize; N],
    at: impl Fn(usize) -> Work,
) -> Curve {
    let point = |n: usize| (n.to_string(), Work { name: Cow::Owned(format!("{title}; {axis}: {n}")), ..at(n) });
    Curve { title, axis, points: values.map(point).into(), frameworks, limit }
}

pub(crate) fn markdown(results: &Results, curves: &[Curve]) -> String {
    let mut text = String::new();
    for fact in &results.machine {
        let _ = writeln!(text, "- {fact}");
    }
    for curve in curves {
        let _ = writeln!(text, "\n### P10: {}, by {}\n", curve.title, curve.axis);
        let _ = writeln!(
            text,
            "| {} | framework | result | × its first point | × its first point, least CPU | CPU per call, µs | registry operations |\n\
             | --- | --- | --- | --- | --- | --- | --- |",
            curve.axis
        );
        for framework in curve.frameworks() {
            for (value, work) in &curve.points {
                row(&mut text, results, curve, framework, value, work);
            }
        }
    }
    for failure in &results.failures {
        let _ = writeln!(text, "\nwithout a result: {failure}");
    }
    text
}

fn row(text: &mut String, results: &Results, curve: &Curve, framework: &Framework, value: &str, work: &Work) {
    let ns: Vec<f64> = results.timed(work, framework.name, cost(work.metric)).iter().map(|(_, ns)| *ns).collect();
    let (Some(middle), Some((least, most))) = (median(&ns), range(&ns)) else { return };
    let shown = match work.metric {
        Metric::Rate => format!("{} k/s ({}–{})", digits(1e6 / middle), digits(1e6 / most), digits(1e6 / least)),
        Metric::Nanoseconds | Metric::Median | Metric::Whole => {
            format!("{} ns ({}–{})", digits(middle), digits(least), digits(most))
        }
    };
    let first = &curve.points[0].1;
    let times = results.growth(first, work, framework.name, cost(work.metric));
    // What other programs take away only ever adds: the least of all rounds is what the work itself needs.
    let least_cpu = |work: &Work| {
        let cpu: Vec<f64> = results.timed(work, framework.name, cpu).iter().map(|(_, ns)| *ns).collect();
        range(&cpu).map(|(least, _)| least)
    };
    let cpu_times = least_cpu(work).zip(least_cpu(first)).map(|(here, there)| here / there);
    let verdict = match (curve.limit, cpu_times) {
        (Some(limit), Some(times)) if times > limit => " **missed**",
        (Some(_), Some(_)) => " met",
        _ => "",
    };
    let or_dash = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), digits);
    let registry = results.median(work, framework.name, |run| (run.registry > 0.0).then_some(run.registry));
    let _ = writeln!(
        text,
        "| {value} | {} | {shown} | {} | {}{verdict} | {} | {} |",
        framework.name,
        or_dash(times),
        or_dash(cpu_times),
        or_dash(results.median(work, framework.name, cpu).map(|ns| ns / 1e3)),
        or_dash(registry),
    );
}
