//! Figure 10: every process is restarted, one after the other, under calls to all of them and to an elected service among them.

use std::{thread, time::Duration};

use ember_tests::etcd_members::EtcdMembers;
use tokio::time::Instant;

use crate::{
    arguments::Arguments,
    report::Report,
    stage::{Stage, reasons, short},
};

const NAMES: [&str; 5] = ["n0", "n1", "n2", "n3", "n4"];

/// As long all call all before the next is restarted.
const BETWEEN: Duration = Duration::from_millis(800);

pub(crate) fn run(arguments: &Arguments, report: &mut Report) {
    let rate = arguments.rate;
    let etcd = EtcdMembers::start();
    let mut stage = Stage::open(etcd.addresses(), |it| it);
    for name in NAMES {
        let configuration = stage.configuration(name);
        stage.start(&configuration);
    }
    stage.views();
    stage.call(rate - rate / 5, rate / 5);
    stage.settle();
    stage.since();
    let begun = Instant::now();
    let before = stage.counts();
    let mut masters = 0;
    for name in (0..arguments.rounds).flat_map(|_| NAMES) {
        let started = Instant::now();
        let led = stage.master(0).0 == name;
        masters += usize::from(led);
        stage.node(name).terminate();
        let status = stage.node(name).exit();
        let ended = started.elapsed();
        if !status.success() {
            report.violation(format!("`{name}` ended with {status}, not with 0"));
        }
        let configuration = stage.configuration(name);
        stage.start(&configuration);
        stage.settle();
        let settled = started.elapsed();
        // tidy: sleep: calls go on for a while; they are what is tested
        thread::sleep(BETWEEN);
        let [counter, ledger] = stage.counts();
        let what = if led { format!("{name}, the master") } else { name.to_owned() };
        report.line([what, short(ended), short(settled), (counter.failed() + ledger.failed()).to_string()]);
    }
    // Each restart drives the office away from where it was: at least one of five had it.
    if masters == 0 {
        report.violation("no master was restarted".into());
    }
    stage.await_calls();
    let took = begun.elapsed();
    let [counter, ledger] = stage.counts();
    let calls = [&counter, &ledger].iter().zip(&before).map(|(now, before)| now.made - before.made).collect::<Vec<_>>();
    let all: usize = calls.iter().sum();
    let a_second = all as f64 / took.as_secs_f64();
    report.note(
        "calls",
        format!("{} to counters and {} to the elected service, {a_second:.0} a second", calls[0], calls[1]),
    );
    let failed = counter.failed() + ledger.failed();
    let since = stage.since();
    report.note("failed", format!("{failed}; the slowest call took {}", short(since.slowest)));
    if failed > 0 {
        report.violation(format!("{failed} of {all} calls failed: {}", reasons(&since.why)));
    }
    if a_second < rate as f64 * 0.9 {
        report
            .violation(format!("{a_second:.0} calls a second were made, not {rate}: the machine is too busy to tell"));
    }
    let wrong = stage.compare();
    wrong.into_iter().for_each(|it| report.violation(it));
}
