//! Everything, nearest first: what it finds has the shortest trace.

use std::collections::VecDeque;

use super::{Report, Trace, seen::Seen};
use crate::{action::Action, model::Model, properties::Stop};

/// Looks at all that can happen, up to so many different moments.
pub(crate) fn breadth(model: &Model, most: usize) -> Report {
    let actions = Action::all(&model.bounds);
    let first = model.begin();
    let mut seen = Seen::default();
    seen.add(&first);
    // For each moment, from which one it came, and by what.
    let mut came: Vec<(u32, u16)> = vec![(0, 0)];
    let mut open = VecDeque::from([(first, 0u32, 0usize)]);
    let mut report = Report { complete: true, ..Report::default() };
    while let Some((world, number, depth)) = open.pop_front() {
        report.depth = depth;
        for (by, action) in actions.iter().enumerate() {
            match model.after(&world, *action) {
                Err(Stop::NotNow) => {}
                Err(Stop::Broken(broken)) => {
                    let mut trace = vec![*action];
                    let mut at = number;
                    while at != 0 {
                        let (from, by) = came[at as usize];
                        trace.push(actions[by as usize]);
                        at = from;
                    }
                    trace.reverse();
                    report.found = Some(Trace { broken, actions: trace });
                    (report.moments, report.complete) = (seen.len(), false);
                    return report;
                }
                Ok(next) if seen.len() >= most => {
                    // Those that wait are looked at still; no more are taken.
                    report.complete &= !seen.add(&next);
                }
                Ok(next) => {
                    if seen.add(&next) {
                        came.push((number, by as u16));
                        open.push_back((next, came.len() as u32 - 1, depth + 1));
                    }
                }
            }
        }
        if !report.complete {
            break;
        }
    }
    report.moments = seen.len();
    report
}
