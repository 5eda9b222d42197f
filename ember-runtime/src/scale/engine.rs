//! The engine: readings in, decisions out.

use std::{ops::RangeInclusive, time::Duration};

use super::{
    Decision, Reading, Step, Verdict,
    rule::{Pace, Scale},
};

/// Decides for one service. It knows of time what readings say.
#[derive(Debug)]
pub(crate) struct Engine {
    scale: Scale,
    bounds: RangeInclusive<u32>,
    changed: Option<Duration>,
    panicked: Option<String>,
}

impl Engine {
    /// One for a service with these bounds.
    pub(crate) fn new(scale: Scale, bounds: RangeInclusive<u32>) -> Self {
        Self { scale, bounds, changed: None, panicked: None }
    }

    /// What comes of this reading where there are so many workers: somebody may have set them by hand since the last look.
    pub(crate) fn look(&mut self, from: u32, reading: Reading) -> Decision {
        let at = reading.at;
        let reading = Reading { workers: from, ..reading };
        self.panicked = None;
        let Verdict { step, mut why } = self.scale.judge(&reading, &mut self.panicked);
        let step = step.unwrap_or(Step::Hold);
        let mut to = next(from, step, self.scale.pace(), &self.bounds);
        if step != Step::Hold && to == from {
            why.push_str(", but there are not to be ");
            why.push_str(if step == Step::Grow { "more" } else { "fewer" });
        }
        if to != from
            && let Some(left) = self.cools(at)
        {
            to = from;
            why = format!("{why}, but it was changed a moment ago, and is left alone for another {left:?}");
        }
        if to != from {
            self.changed = Some(at);
        }
        Decision { at, from, to, step, why, reading }
    }

    /// What a strategy said as it panicked at the last look, if one did.
    pub(crate) fn panicked(&self) -> Option<&str> {
        self.panicked.as_deref()
    }

    /// How long it is left alone, if it is.
    fn cools(&self, at: Duration) -> Option<Duration> {
        let until = self.changed?.saturating_add(self.scale.pace().cool_down);
        until.checked_sub(at).filter(|left| !left.is_zero())
    }
}

/// Rounded away from what there is, by one at least, and within the bounds, which are reached.
fn next(from: u32, step: Step, pace: Pace, bounds: &RangeInclusive<u32>) -> u32 {
    // What is a whole number but for the last bits of a fraction is that number.
    const HAIR: f64 = 1e-9;
    let from_f = f64::from(from);
    let to = match step {
        Step::Hold => return from,
        Step::Grow => ((from_f * pace.grow - HAIR).ceil() as u32).max(from.saturating_add(1)),
        Step::Shrink => ((from_f * pace.shrink + HAIR).floor() as u32).min(from.saturating_sub(1)),
    };
    to.clamp(*bounds.start(), *bounds.end())
}

#[cfg(test)]
#[path = "engine_tests.rs"]
mod tests;
