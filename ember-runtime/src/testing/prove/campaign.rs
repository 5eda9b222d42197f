//! Seed after seed, up to the first that fails; that one is made smaller.

use std::{env, fmt, ops::RangeInclusive};

use super::{
    check::{History, Outcome},
    failed::{Failed, Failure, Kind},
    plan::{Fault, Mix, ROLES, Scenario, Smaller, shrunk},
    progress::Progress,
    run::{Ran, run},
    setup::Prove,
};
use crate::testing::{Trace, hosts::HOST};

const REPLAY: &str = "EMBER_PROVE";
const SEEDS: &str = "EMBER_PROVE_SEEDS";
/// Runs for making a failure smaller.
const SHRINK: usize = 120;

/// What was done: a proof in which nothing happened is none, so look at it once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Runs.
    pub runs: u64,
    /// Faults in all of them.
    pub faults: usize,
    /// Calls that were answered.
    pub done: usize,
    /// Calls that certainly had no effect.
    pub not_executed: usize,
    /// Calls that may have had one.
    pub maybe_executed: usize,
    /// Of the traces of all runs: the same when the same is proved again.
    pub digest: u64,
}

impl Report {
    fn add<Op, Out>(&mut self, scenario: &Scenario, history: &History<Op, Out>, trace: Option<&Trace>) {
        let digest = trace.map_or(0, Trace::digest);
        self.digest = (self.digest ^ digest).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(23);
        self.runs += 1;
        self.faults += scenario.faults.list().len();
        for call in history.calls() {
            match call.outcome {
                Outcome::Done(_) => self.done += 1,
                Outcome::NotExecuted(_) => self.not_executed += 1,
                Outcome::MaybeExecuted(_) => self.maybe_executed += 1,
            }
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { runs, faults, done, not_executed, maybe_executed, digest: _ } = self;
        write!(
            f,
            "{runs} runs with {faults} faults; calls: {done} done, {not_executed} not executed, {maybe_executed} maybe executed"
        )
    }
}

impl<Op: 'static, Out: 'static> Prove<Op, Out> {
    /// Does it all.
    ///
    /// # Errors
    /// [`Failed`]: the first failure, made smaller.
    ///
    /// # Panics
    /// If what was said cannot be: no workload, nodes that are not there, an environment variable that is none.
    #[track_caller]
    pub fn outcome(self) -> Result<Report, Failed> {
        campaign(&self)
    }

    /// Does it all.
    ///
    /// # Panics
    /// With the first failure, made smaller; and as [`outcome`](Self::outcome).
    #[track_caller]
    pub fn run(self) -> Report {
        self.outcome().unwrap_or_else(|failed| panic!("{failed}"))
    }
}

#[track_caller]
fn campaign<Op: 'static, Out: 'static>(setup: &Prove<Op, Out>) -> Result<Report, Failed> {
    assert!(
        setup.workload.is_some(),
        "there is nothing to prove without calls: say what each user does, with `.workload(|user| async move {{ … }})`, or \
         `.draw(Drawn::default())` for whatever there is to call"
    );
    let nodes = (setup.cluster)(1).names();
    known(setup, &nodes);
    let said = |name| env::var_os(name).map(|value| value.to_string_lossy().into_owned());
    let (scenarios, count): (Box<dyn Iterator<Item = Scenario>>, u64) =
        match setup.replay.clone().or_else(|| said(REPLAY)) {
            Some(line) => (Box::new([replayed(&line, &nodes).unwrap_or_else(|why| panic!("{why}"))].into_iter()), 1),
            None => {
                let said = seeds(said(SEEDS).as_deref()).unwrap_or_else(|why| panic!("{why}"));
                let seeds = said.unwrap_or(1..=setup.seeds);
                let spared = setup.spared.clone();
                let (kinds, most, span, masters) = (setup.kinds.clone(), setup.faults, setup.span, setup.masters);
                let mix = Mix { spared, kinds, most, span, masters, ..Mix::of(nodes) };
                let (clients, calls) = (setup.clients, setup.calls);
                let count = (seeds.end() + 1).saturating_sub(*seeds.start());
                (Box::new(seeds.map(move |seed| Scenario { seed, clients, calls, faults: mix.draw(seed) })), count)
            }
        };
    let (mut report, mut last, mut progress) = (Report::default(), None, Progress::of(count));
    for scenario in scenarios {
        let ran = run(setup, &scenario);
        if let Some(failure) = ran.failure {
            progress.failed(scenario.seed, most(&failure));
            return Err(smaller(setup, scenario, failure, report.runs));
        }
        report.add(&scenario, &ran.history, ran.trace.as_ref());
        progress.passed(report.runs);
        last = Some(scenario);
    }
    match last {
        Some(last) if report.done == 0 => Err(idle(last, &report)),
        _ => Ok(report),
    }
}

/// So many runs for making a failure smaller. A search that was given up says nothing about which call is to blame.
fn most(failure: &Failure) -> usize {
    if failure.kind == Kind::Undecided { 0 } else { SHRINK }
}

/// Makes a failure smaller, and sees whether it repeats.
fn smaller<Op: 'static, Out: 'static>(
    setup: &Prove<Op, Out>,
    whole: Scenario,
    failure: Failure,
    passed: u64,
) -> Failed {
    let kind = failure.kind;
    let fails = |it: &Scenario| run(setup, it).failure.is_some_and(|failure| failure.kind == kind);
    let Smaller { scenario: small, runs } = shrunk(whole.clone(), most(&failure), fails);
    let (Ran { trace, failure: again, .. }, second) = (run(setup, &small), run(setup, &small));
    let repeats = trace == second.trace;
    Failed { failure: again.unwrap_or(failure), whole, small, passed, runs, trace, repeats }
}

fn idle(last: Scenario, report: &Report) -> Failed {
    let what = format!(
        "No call was answered in any run, which proves nothing ({report}). Does the workload call by `user.call(…)`, and is there a \
         service of that type in the cluster?"
    );
    let (whole, failure) = (last.clone(), Failure::new(Kind::Idle, what));
    Failed { failure, whole, small: last, passed: report.runs - 1, runs: 0, trace: None, repeats: true }
}

/// Refuses names that are not there, or that no line of a plan can hold.
#[track_caller]
fn known<Op, Out>(setup: &Prove<Op, Out>, nodes: &[String]) {
    assert!(!nodes.is_empty(), "there is nothing to prove without nodes: describe some with `Cluster::node`");
    let named = setup.from.iter().flatten().map(|it| ("from", it)).chain(setup.spared.iter().map(|it| ("spare", it)));
    for (method, name) in named {
        assert!(nodes.contains(name), "`.{method}(…)` names `{name}`, and this cluster has only {nodes:?}");
    }
    let plain = |c: char| c.is_alphanumeric() || "-_.".contains(c);
    for name in nodes {
        assert!(
            name.chars().all(plain),
            "the node `{name}`: for `prove` write names of letters, digits, `-`, `_` and `.`"
        );
    }
}

fn replayed(line: &str, nodes: &[String]) -> Result<Scenario, String> {
    let scenario: Scenario = line.trim().parse()?;
    let hosts = scenario.faults.list().iter().flat_map(|it| it.fault.hosts().into_iter().map(|host| (&it.fault, host)));
    for (fault, host) in hosts {
        let alone = fault.hosts().len() == 1 && !matches!(fault, Fault::Pause(_));
        if !(nodes.iter().any(|node| node == host) || ROLES.contains(&host) || (host == HOST && !alone)) {
            return Err(format!(
                "the run to replay has `{fault}`, and this cluster has only {nodes:?}: run the one test that printed the line, by its name"
            ));
        }
    }
    Ok(scenario)
}

/// A number, from 1 on; or the first and the last.
fn seeds(said: Option<&str>) -> Result<Option<RangeInclusive<u64>>, String> {
    let no = |said: &str| {
        format!(
            "`{SEEDS}={said}` is no number of seeds: write one from 1 on, as in `{SEEDS}=2000`, or the first and the last, as in `{SEEDS}=2001-4000`"
        )
    };
    let read = |said: &str| {
        let (first, last) = said.split_once('-').unwrap_or(("1", said));
        let [first, last] = [first, last].map(|it| it.trim().parse::<u64>().ok().filter(|it| *it > 0));
        Some(first?..=last?).filter(|seeds| !seeds.is_empty())
    };
    said.map(|said| read(said).ok_or_else(|| no(said))).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_outside_is_read_or_refused_with_the_way_to_write_it() {
        assert_eq!((seeds(None), seeds(Some("2000"))), (Ok(None), Ok(Some(1..=2000))));
        assert_eq!((seeds(Some("7-9")), seeds(Some("7-7"))), (Ok(Some(7..=9)), Ok(Some(7..=7))));
        for wrong in ["0", "", "many", "-1", "9-7", "0-3", "3-", "1-2-3"] {
            assert!(seeds(Some(wrong)).expect_err(wrong).contains("as in `EMBER_PROVE_SEEDS=2000`"));
        }
        let nodes = ["alpha".to_owned()];
        let line = |faults: &str| replayed(&format!("seed=1 clients=1 calls=1 faults={faults}"), &nodes);
        assert!(line("partition(alpha,registry)@1+1").is_ok() && line("pause(registry)@1+1").is_ok());
        for wrong in ["kill(beta)@1+1", "kill(registry)@1+1", "expire(registry)@1+1", "partition(alpha,beta)@1+1"] {
            assert!(line(wrong).expect_err(wrong).contains("this cluster has only [\"alpha\"]"), "{wrong}");
        }
    }
}
