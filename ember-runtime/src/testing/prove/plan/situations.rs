//! Faults that come together around a master: each of these is what it takes to show one kind of mistake, and by chance it would not come in
//! thousands of seeds.

use std::time::Duration;

use super::{
    fault::{Fault, Kind, TimedFault},
    names::{MASTER, OTHER, SLAVE},
};
use crate::{
    rng::Rng,
    testing::{Registry, hosts::HOST},
};

/// A fault that begins so many milliseconds after its situation does, and lasts as many.
type Part = (Fault, u64, u64);
/// Parts of a situation, drawn.
type Draw = fn(&Dice<'_>) -> Vec<Part>;

const ALL: [Draw; 9] =
    [cut_off_then_killed, twice, change_unknown, alone, change_taken_back, wiped, slow_then_killed, empty, learnt];

/// One of the situations, which begins then, if it has none but these kinds.
pub(super) fn situation(rng: &Rng, kinds: &[Kind], at: Duration) -> Vec<TimedFault> {
    let dice = Dice(rng);
    let parts = ALL[rng.below(ALL.len())](&dice);
    if !parts.iter().all(|(fault, ..)| kinds.contains(&fault.kind())) {
        return Vec::new();
    }
    let ms = Duration::from_millis;
    let timed = |(fault, after, lasts)| TimedFault { fault, at: at + ms(after), in_call: false, lasts: ms(lasts) };
    parts.into_iter().map(timed).collect()
}

struct Dice<'a>(&'a Rng);

impl Dice<'_> {
    fn ms(&self, from: u64, to: u64) -> u64 {
        from + self.0.u64() % (to - from)
    }

    /// Once in so many times.
    fn once_in(&self, times: usize) -> bool {
        self.0.below(times) == 0
    }
}

fn cut(a: &str, b: &str) -> Fault {
    Fault::Partition(a.into(), b.into())
}

fn kill(node: &str) -> Fault {
    Fault::Kill(node.into())
}

/// A master that nobody of its group hears ends, before they are taken out of the set: what it tells its callers by then is gone.
fn cut_off_then_killed(dice: &Dice<'_>) -> Vec<Part> {
    let mut all = vec![(kill(MASTER), dice.ms(100, 1_200), dice.ms(300, 4_000))];
    let lasts = dice.ms(1_000, 4_000);
    all.extend([SLAVE, OTHER].map(|slave| (cut(MASTER, slave), 0, lasts)));
    if dice.once_in(4) {
        all.push((cut(SLAVE, OTHER), 0, lasts));
    }
    all
}

/// The master ends with records that one of two others has; and so does the next, soon after it is elected, whom the other does not hear.
fn twice(dice: &Dice<'_>) -> Vec<Part> {
    let (lasts, first) = (dice.ms(4_000, 7_000), dice.ms(100, 900));
    vec![
        (cut(MASTER, SLAVE), 0, lasts),
        (cut(SLAVE, OTHER), 0, lasts),
        (kill(MASTER), first, dice.ms(3_000, 5_000)),
        // When the first one's lease of the tests (2 s) is over.
        (kill(MASTER), first + dice.ms(1_500, 3_000), dice.ms(500, 3_000)),
    ]
}

/// The master asks for a set without one whom it does not reach, and never knows whether it has it; whoever has what it acknowledges
/// then is not there for the election.
fn change_unknown(dice: &Dice<'_>) -> Vec<Part> {
    let (lasts, gone) = (dice.ms(3_500, 6_000), dice.ms(2_000, 4_000));
    let leaves = if dice.once_in(3) { kill(OTHER) } else { Fault::Pause(OTHER.into()) };
    vec![
        (cut(MASTER, SLAVE), 0, lasts),
        (cut(MASTER, HOST), dice.ms(0, 1_000), lasts),
        (leaves, dice.ms(1_300, 2_800), gone),
    ]
}

/// Nobody hears the master, who goes on for as long as it may; then it comes back.
fn alone(dice: &Dice<'_>) -> Vec<Part> {
    let lasts = dice.ms(2_500, 6_000);
    [SLAVE, OTHER, HOST].map(|other| (cut(MASTER, other), 0, lasts)).into()
}

/// One is taken out of the set while another hears slowly of it; the master ends, and what it has said last does not arrive; and the registry
/// has the set of before when the next is elected.
fn change_taken_back(dice: &Dice<'_>) -> Vec<Part> {
    let (away, slow, late) = (dice.ms(5_000, 8_000), dice.ms(200, 480), dice.ms(400, 900));
    let ends = (late + 2 * slow + dice.ms(0, slow + 300)).max(1_250);
    vec![
        (Fault::RegistryRestored, 0, ends + dice.ms(100, 1_400)),
        (cut(MASTER, SLAVE), 100, away),
        (cut(SLAVE, OTHER), 100, away),
        (Fault::Latency(MASTER.into(), OTHER.into(), Duration::from_millis(slow)), late, 3_000),
        // A kill alone leaves what is on its way.
        (cut(MASTER, OTHER), ends - 10, away),
        (kill(MASTER), ends, dice.ms(3_000, 6_000)),
    ]
}

/// The registry comes back with nothing when one starts that has nothing.
fn wiped(dice: &Dice<'_>) -> Vec<Part> {
    let (away, before) = (dice.ms(300, 3_000), dice.ms(50, 900));
    let starts = if dice.once_in(2) { MASTER } else { SLAVE };
    vec![(Fault::Registry(Registry::Empty), before, away), (kill(starts), 0, before + away - dice.ms(0, 250))]
}

/// What the master ships takes long, and it ends.
fn slow_then_killed(dice: &Dice<'_>) -> Vec<Part> {
    let slow = |slave: &str| Fault::Latency(MASTER.into(), slave.into(), Duration::from_millis(dice.ms(100, 800)));
    vec![(slow(SLAVE), 0, 3_000), (slow(OTHER), 0, 3_000), (kill(MASTER), dice.ms(100, 2_500), dice.ms(300, 4_000))]
}

/// A member that is in sync comes back with nothing, while the master is about to end.
fn empty(dice: &Dice<'_>) -> Vec<Part> {
    vec![
        (kill(SLAVE), 0, dice.ms(50, 600)),
        (kill(MASTER), dice.ms(100, 2_000), dice.ms(50, 4_000)),
        (cut(MASTER, OTHER), dice.ms(0, 100), dice.ms(100, 2_000)),
    ]
}

/// Both others come back with nothing and learn the state, one after the other; then the master ends, before its callers have all that it has said.
fn learnt(dice: &Dice<'_>) -> Vec<Part> {
    let (second, ends) = (dice.ms(1_200, 2_000), dice.ms(3_000, 4_500));
    vec![
        (kill(SLAVE), 0, dice.ms(50, 400)),
        (kill(OTHER), second, dice.ms(50, 400)),
        (kill(MASTER), ends, dice.ms(50, 4_000)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::prove::Faults;

    #[test]
    fn each_situation_is_met_and_is_a_plan_that_is_read_back() {
        let plans: Vec<_> = (0..200)
            .map(|seed| Faults::from(situation(&Rng::from_seed(seed), &Kind::ALL, Duration::from_secs(1))))
            .collect();
        for plan in &plans {
            assert_eq!(plan.to_string().parse(), Ok(plan.clone()));
            assert!(plan.list().iter().all(|it| it.at >= Duration::from_secs(1)), "{plan}");
        }
        let kills = |plan: &Faults| plan.list().iter().filter(|it| it.fault == kill(MASTER)).count();
        for met in [
            "registry(older)",
            "partition(*master,registry)",
            "latency(*master,*slave,",
            "kill(*slave)",
            "pause(*other)",
        ] {
            assert!(plans.iter().any(|plan| plan.to_string().contains(met)), "{met} is never drawn");
        }
        assert!(plans.iter().any(|plan| kills(plan) == 2) && plans.iter().any(|plan| kills(plan) == 0));
    }

    #[test]
    fn what_has_a_kind_that_is_not_allowed_is_left_out() {
        let cuts = |seed| situation(&Rng::from_seed(seed), &[Kind::Partition], Duration::ZERO);
        let all: Vec<_> = (0..100).flat_map(cuts).collect();
        assert!(!all.is_empty() && all.iter().all(|it| it.fault.kind() == Kind::Partition), "{all:?}");
    }
}
