//! What strategies come to together.

use super::{
    Reading, Step, Verdict,
    rule::{By, Scale},
    strategy::{Strategy, cpu, queue_depth, wait_p99},
};
use crate::panics::attempt;

impl Strategy for Scale {
    fn verdict(&self, reading: &Reading) -> Verdict {
        self.judge(reading, &mut None)
    }
}

impl Scale {
    /// Its verdict; and what the first said of one's own that panicked, if one did.
    pub(super) fn judge(&self, reading: &Reading, panicked: &mut Option<String>) -> Verdict {
        match &self.by {
            By::QueueDepth(most) => queue_depth(*most, reading),
            By::Cpu(least, most) => cpu((*least, *most), reading),
            By::WaitP99(most) => wait_p99(*most, reading),
            By::Own(strategy) => attempt(|| strategy.verdict(reading)).unwrap_or_else(|panic| {
                let panic = panic.to_string();
                let why = format!("the strategy panicked: {panic}");
                panicked.get_or_insert(panic);
                Verdict::unknown(why)
            }),
            By::Any(of) => together(of, (reading, panicked), |steps| steps.max()),
            By::All(of) => together(of, (reading, panicked), |steps| steps.min()),
            By::Weighted(of) => weighted(of, reading, panicked),
        }
    }
}

/// The step that `pick` picks among those of whoever can tell, and why they say so.
fn together(
    of: &[Scale],
    (reading, panicked): (&Reading, &mut Option<String>),
    pick: impl FnOnce(&mut dyn Iterator<Item = Step>) -> Option<Step>,
) -> Verdict {
    let verdicts: Vec<Verdict> = of.iter().map(|scale| scale.judge(reading, panicked)).collect();
    let step = pick(&mut verdicts.iter().filter_map(|verdict| verdict.step));
    Verdict { step, why: why(verdicts.iter(), step) }
}

/// The reasons of those who say this.
fn why<'a>(verdicts: impl Iterator<Item = &'a Verdict>, step: Option<Step>) -> String {
    let mut reasons: Vec<&str> = Vec::new();
    for verdict in verdicts.filter(|verdict| verdict.step == step) {
        // Several look at the same.
        if !reasons.contains(&&*verdict.why) {
            reasons.push(&verdict.why);
        }
    }
    reasons.join("; ")
}

fn weighted(of: &[(f64, Scale)], reading: &Reading, panicked: &mut Option<String>) -> Verdict {
    let verdicts: Vec<(f64, Verdict)> =
        of.iter().map(|(weight, scale)| (*weight, scale.judge(reading, panicked))).collect();
    let weight = |step: Option<Step>| -> f64 {
        verdicts.iter().filter(|(_, verdict)| verdict.step == step).map(|(weight, _)| weight).sum()
    };
    let [grow, hold, shrink] = [Step::Grow, Step::Hold, Step::Shrink].map(|step| weight(Some(step)));
    let all = grow + hold + shrink;
    if all == 0.0 {
        return Verdict { step: None, why: why(verdicts.iter().map(|(_, verdict)| verdict), None) };
    }
    let step = match (grow - shrink) / all {
        more if more > 0.5 => Step::Grow,
        less if less < -0.5 => Step::Shrink,
        _ => Step::Hold,
    };
    let weights = format!("of a weight of {all}, {grow} is for more and {shrink} for fewer");
    let reasons = why(verdicts.iter().map(|(_, verdict)| verdict), Some(step));
    Verdict { step: Some(step), why: if reasons.is_empty() { weights } else { format!("{weights}: {reasons}") } }
}
