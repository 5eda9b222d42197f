//! The table, in markdown.

use std::fmt::Write as _;

use harness::{Run, Workload};

use crate::{
    bars,
    peers::{EMBER, FRAMEWORKS, Framework, Role},
    results::{Results, cost, cpu},
    statistics::{digits, median, range},
    work::{Metric, Side, WORKS, Work},
};

pub(crate) fn markdown(results: &Results, sides: &[Side]) -> String {
    let mut text = String::new();
    for fact in &results.machine {
        let _ = writeln!(text, "- {fact}");
    }
    verdicts(&mut text, results, sides);
    head(&mut text);
    for work in WORKS.iter().filter(|work| sides.contains(&work.side)) {
        for framework in FRAMEWORKS.iter().filter(|framework| framework.side == work.side) {
            row(&mut text, results, work, framework);
        }
    }
    if !results.failures.is_empty() {
        let _ = writeln!(text, "\nWithout a result:\n");
        for failure in &results.failures {
            let _ = writeln!(text, "- {failure}");
        }
    }
    text
}

fn verdicts(text: &mut String, results: &Results, sides: &[Side]) {
    let _ = writeln!(text, "\n| bar | work | wanted | measured | |\n| --- | --- | --- | --- | --- |");
    let names: Vec<&str> =
        WORKS.iter().filter(|work| sides.contains(&work.side)).map(|work| work.name.as_ref()).collect();
    for verdict in bars::judge(results).into_iter().filter(|verdict| names.contains(&verdict.work)) {
        let (found, met) = match verdict.found {
            Some((found, true)) => (found, "met"),
            Some((found, false)) => (found, "**missed**"),
            None => ("–".to_owned(), "not measured"),
        };
        let _ = writeln!(text, "| {} | {} | {} | {found} | {met} |", verdict.bar, verdict.work, verdict.wanted);
    }
}

fn head(text: &mut String) {
    text.push_str(
        "\nMedian (smallest–largest) of the rounds. × Ember: its time divided by Ember's in the same round; more than 1 is slower \
         than Ember. CPU: both processes, user and system. Allocations: client, or client / server; bytes: client.\n\n\
         | | work | framework | result | × Ember | CPU per call, µs | allocations per call | short path | idle bytes |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n",
    );
}

fn row(text: &mut String, results: &Results, work: &Work, framework: &Framework) {
    let values: Vec<f64> = results.timed(work, framework.name, cost(work.metric)).iter().map(|(_, ns)| *ns).collect();
    let (Some(middle), Some((least, most))) = (median(&values), range(&values)) else { return };
    let shown = match work.metric {
        Metric::Nanoseconds => format!("{} ns ({}–{})", digits(middle), digits(least), digits(most)),
        Metric::Median => {
            format!("p50 {} µs ({}–{})", digits(middle / 1e3), digits(least / 1e3), digits(most / 1e3))
        }
        Metric::Whole => whole(results, work, framework, [middle, least, most]),
        Metric::Rate => {
            let rate = |ns: f64| digits(1e6 / ns);
            format!("{} k/s ({}–{})", rate(middle), rate(most), rate(least))
        }
    };
    let lost = match results.median(work, framework.name, |run| run.lost) {
        Some(lost) if lost > 0.0 => format!("; {} % lost", digits(lost * 100.0)),
        _ => String::new(),
    };
    let name = match framework.role {
        Role::Ember => format!("**{}**", framework.name),
        Role::Floor => format!("*{}*", framework.name),
        Role::EmberVariant | Role::Peer => framework.name.to_owned(),
    };
    let or_dash = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), digits);
    let _ = writeln!(
        text,
        "| {} | {} | {name} | {shown}{lost} | {} | {} | {} | {} | {} |",
        work.bar,
        work.name,
        or_dash(results.ratio(work, framework.name, EMBER, cost(work.metric))),
        or_dash(results.median(work, framework.name, cpu).map(|ns| ns / 1e3)),
        allocations(results, work, framework),
        or_dash(results.median(work, framework.name, |run| run.short_path)),
        idle(results, work, framework),
    );
}

/// How long the work took, and how long it was until everybody knew of it.
fn whole(results: &Results, work: &Work, framework: &Framework, ns: [f64; 3]) -> String {
    let [middle, least, most] = ns.map(|ns| digits(ns / 1e6));
    let settled = results.timed(work, framework.name, |run| run.settled_ns).into_iter().map(|(_, ns)| ns / 1e6);
    let settled: Vec<f64> = settled.collect();
    let then = median(&settled).zip(range(&settled)).filter(|_| work.workload == Workload::Nodes);
    let then = then.map(|(middle, (least, most))| {
        format!(", then {} ms ({}–{}) until each sees all", digits(middle), digits(least), digits(most))
    });
    format!("{middle} ms ({least}–{most}){}", then.unwrap_or_default())
}

fn allocations(results: &Results, work: &Work, framework: &Framework) -> String {
    let number = |number: fn(&Run) -> Option<f64>| results.counted(work, framework.name, number);
    let Some(own) = number(|run| Some(run.allocations)) else { return "–".to_owned() };
    let bytes = number(|run| Some(run.allocated)).unwrap_or_default();
    let server = match (work.side, number(|run| Some(run.server_allocations))) {
        (Side::Remote, Some(server)) => format!(" / {server:.1}"),
        _ => String::new(),
    };
    format!("{own:.1}{server} ({bytes:.0} B)")
}

fn idle(results: &Results, work: &Work, framework: &Framework) -> String {
    let bytes = results.counted(work, framework.name, |run| run.idle_bytes.or(run.held_bytes));
    match bytes {
        Some(bytes) if matches!(work.workload, Workload::Spawn | Workload::Nodes) => digits(bytes),
        _ => String::new(),
    }
}
