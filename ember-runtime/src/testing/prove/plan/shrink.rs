//! The smallest run that still fails: by leaving out faults, first many at a time, then one; then clients; then calls.

use super::{faults::Faults, scenario::Scenario};

/// What was found.
#[derive(Debug)]
pub(in super::super) struct Smaller {
    pub(in super::super) scenario: Scenario,
    /// The runs that it took.
    pub(in super::super) runs: usize,
}

/// Makes a failing run smaller for as long as it fails, in at most `most` runs.
pub(in super::super) fn shrunk(whole: Scenario, most: usize, mut fails: impl FnMut(&Scenario) -> bool) -> Smaller {
    let mut best = Smaller { scenario: whole, runs: 0 };
    let mut better = |best: &mut Smaller, next: Scenario| {
        if best.runs >= most {
            return false;
        }
        best.runs += 1;
        let found = fails(&next);
        if found {
            best.scenario = next;
        }
        found
    };
    loop {
        let before = best.scenario.clone();
        fewer_faults(&mut best, &mut better);
        while best.scenario.clients > 1 && fewer(&mut best, &mut better, |it| it.clients, |it, n| it.clients = n) {}
        let calls = |it: &Scenario| it.calls as usize;
        while best.scenario.calls > 1 && fewer(&mut best, &mut better, calls, |it, n| it.calls = n as u32) {}
        if best.scenario == before || best.runs >= most {
            return best;
        }
    }
}

fn fewer_faults(best: &mut Smaller, better: &mut impl FnMut(&mut Smaller, Scenario) -> bool) {
    let mut size = best.scenario.faults.0.len();
    while size > 0 {
        let mut at = 0;
        while at < best.scenario.faults.0.len() {
            let mut faults = best.scenario.faults.0.clone();
            faults.drain(at..(at + size).min(faults.len()));
            let next = Scenario { faults: Faults(faults), ..best.scenario.clone() };
            // What has taken the place of those left out is next.
            if !better(best, next) {
                at += size;
            }
        }
        size /= 2;
    }
}

/// Half of a number, or else one less.
fn fewer(
    best: &mut Smaller,
    better: &mut impl FnMut(&mut Smaller, Scenario) -> bool,
    get: impl Fn(&Scenario) -> usize,
    set: impl Fn(&mut Scenario, usize),
) -> bool {
    let now = get(&best.scenario);
    [now / 2, now - 1].into_iter().filter(|less| *less > 0).any(|less| {
        let mut next = best.scenario.clone();
        set(&mut next, less);
        better(best, next)
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn whole(faults: usize) -> Scenario {
        let faults: Vec<_> = (0..faults).map(|at| format!("kill(n{at})@{at}+1")).collect();
        let faults = if faults.is_empty() { Faults::default() } else { faults.join(";").parse().expect("faults") };
        Scenario { seed: 7, clients: 5, calls: 40, faults }
    }

    #[test]
    fn what_a_failure_needs_is_all_that_is_left() {
        for needed in [vec![], vec![0], vec![5], vec![2, 7], vec![0, 3, 4, 7]] {
            let needed: Vec<_> = needed.into_iter().map(Duration::from_millis).collect();
            let has = |it: &Scenario| needed.iter().all(|at| it.faults.list().iter().any(|fault| fault.at == *at));
            let found = shrunk(whole(8), 200, |it| has(it) && it.clients >= 2 && it.calls >= 11);
            assert_eq!(found.scenario.faults.list().len(), needed.len());
            assert!(has(&found.scenario) && (found.scenario.clients, found.scenario.calls) == (2, 11), "{found:?}");
            assert!(found.runs <= 70, "{} runs", found.runs);
        }
    }

    #[test]
    fn it_takes_no_more_runs_than_it_may_and_what_it_gives_fails() {
        let mut runs = 0;
        let found = shrunk(whole(8), 5, |it| {
            runs += 1;
            it.faults.list().len() > 2
        });
        assert!(found.runs == 5 && runs == 5 && found.scenario.faults.list().len() > 2, "{found:?}");
        assert_eq!(shrunk(whole(3), 100, |_| false).scenario, whole(3));
    }
}
