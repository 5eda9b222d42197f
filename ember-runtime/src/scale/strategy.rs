//! How a reading is judged.

use std::time::Duration;

use super::{Reading, Verdict};

/// How many workers are needed, by one's own reckoning: [`Scale::by`](super::Scale::by) takes it, and so does a test.
///
/// The same reading gives the same verdict, or replaying is not of much use: it keeps nothing, and asks no clock. A function is one:
/// `Scale::by(|reading: &Reading| ..)`.
pub trait Strategy: Send + Sync + 'static {
    /// What the reading asks for. How far it goes, and whether it may go already, is not its business. A panic counts as
    /// [`unknown`](Verdict::unknown).
    fn verdict(&self, reading: &Reading) -> Verdict;
}

impl<F: Fn(&Reading) -> Verdict + Send + Sync + 'static> Strategy for F {
    fn verdict(&self, reading: &Reading) -> Verdict {
        self(reading)
    }
}

/// Whether half of the workers would do: fewer than half are at work, and hardly a message waits.
fn is_idle(reading: &Reading) -> bool {
    reading.busy < f64::from(reading.workers) / 2.0 && reading.queued < 1.0
}

fn idle(reading: &Reading) -> Verdict {
    Verdict::shrink(format!(
        "{:.1} of {} workers are at work, and nothing waits for one",
        reading.busy, reading.workers
    ))
}

pub(super) fn queue_depth(most: u32, reading: &Reading) -> Verdict {
    let queued = reading.queued;
    if queued > f64::from(most) {
        return Verdict::grow(format!("{queued:.1} messages wait for a worker, more than {most}"));
    }
    if is_idle(reading) { idle(reading) } else { Verdict::hold(format!("{queued:.1} messages wait for a worker")) }
}

pub(super) fn wait_p99(most: Duration, reading: &Reading) -> Verdict {
    let wait = reading.wait_p99;
    if wait > most {
        return Verdict::grow(format!("1 of 100 messages waits longer than {wait:?} for a worker, more than {most:?}"));
    }
    if is_idle(reading) && wait <= most / 2 {
        return idle(reading);
    }
    Verdict::hold(format!("99 of 100 messages wait {wait:?} for a worker at most"))
}

pub(super) fn cpu((least, most): (f64, f64), reading: &Reading) -> Verdict {
    let percent = |share: f64| (share * 100.0).round();
    match reading.cpu {
        None => Verdict::unknown("the use of the processors is not known here"),
        Some(cpu) if cpu > most => {
            Verdict::grow(format!("{} % of the processors are used, more than {} %", percent(cpu), percent(most)))
        }
        Some(cpu) if cpu < least => {
            Verdict::shrink(format!("{} % of the processors are used, less than {} %", percent(cpu), percent(least)))
        }
        Some(cpu) => Verdict::hold(format!("{} % of the processors are used", percent(cpu))),
    }
}
