//! Walks at random. Each has a taste of its own for actions, so that some are calm, some lose no batch, some lose the registry early.

use super::{
    Report, Trace,
    chance::Chance,
    recover::{End, recover},
    seen::Seen,
    shrink::{replay, shorter},
};
use crate::{action::Action, model::Model, properties::Stop};

/// How it walks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Walks<'a> {
    pub(crate) walks: usize,
    /// Actions in one, about.
    pub(crate) length: usize,
    pub(crate) seed: u64,
    /// After each walk the faults end, and a master must come back.
    pub(crate) recover: bool,
    /// Beginnings, with one of which half of the walks start.
    pub(crate) beginnings: &'a [Vec<Action>],
}

/// Tries in a row that may fail before a walk ends: its taste has nothing left that can happen.
const PATIENCE: usize = 300;
/// Moments that are told apart for the count.
const COUNTED: usize = 1 << 23;

/// Walks, until something is found.
pub(crate) fn walk(model: &Model, how: Walks<'_>) -> Report {
    let actions = Action::all(&model.bounds);
    let mut chance = Chance::new(how.seed);
    let mut seen = Seen::default();
    let mut report = Report::default();
    // What cannot happen within these bounds is no beginning: nothing would go on with it.
    let is_within = |beginning: &&Vec<Action>| beginning.iter().all(|action| actions.contains(action));
    let beginnings: Vec<_> = how.beginnings.iter().filter(is_within).collect();
    for _ in 0..how.walks {
        let taste = taste(&actions, &mut chance);
        let most = how.length / 4 + chance.below(how.length.max(1));
        let (mut trace, mut world) = (Vec::new(), model.begin());
        let mut broken = None;
        if !beginnings.is_empty() && chance.below(2) == 0 {
            let beginning = beginnings[chance.below(beginnings.len())];
            // Sometimes only a part of it.
            let part = if chance.below(2) == 0 { beginning.len() } else { chance.below(beginning.len() + 1) };
            (trace, world, broken) = replay(model, &beginning[..part]);
        }
        let most = trace.len() + most;
        let mut failed = 0;
        while broken.is_none() && trace.len() < most && failed < PATIENCE && !taste.is_empty() {
            let action = chance.one_of(&taste);
            match model.after(&world, action) {
                Err(Stop::NotNow) => {
                    failed += 1;
                    continue;
                }
                Err(Stop::Broken(how)) => broken = Some(how),
                Ok(next) => world = next,
            }
            (failed, _) = (0, trace.push(action));
            if seen.len() < COUNTED {
                seen.add(&world);
            }
        }
        report.depth = report.depth.max(trace.len());
        report.moments = seen.len();
        if let Some(broken) = broken {
            let trace = shorter(model, Trace { broken, actions: trace });
            report.depth = trace.actions.len();
            report.found = Some(trace);
            return report;
        }
        if how.recover {
            match recover(model, world, 1) {
                End::Master => report.ends.0 += 1,
                End::Operator => report.ends.1 += 1,
                End::Nobody(broken) => {
                    let trace = shorter(model, Trace { broken, actions: trace });
                    report.depth = trace.actions.len();
                    report.found = Some(trace);
                    return report;
                }
            }
        }
    }
    report
}

/// How often each action is tried.
fn taste(actions: &[Action], chance: &mut Chance) -> Vec<Action> {
    let calm = 1 + chance.below(12);
    let mut taste = Vec::new();
    for action in actions {
        let times =
            if action.is_fault() { usize::from(chance.below(calm) == 0) } else { chance.one_of(&[0, 1, 2, 4, 8]) };
        taste.extend(std::iter::repeat_n(*action, times));
    }
    taste
}
