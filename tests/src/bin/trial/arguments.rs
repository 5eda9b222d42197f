//! What the command line asks for.

use std::{path::PathBuf, time::Duration};

pub(crate) const USAGE: &str = "\
trial restarts [--rate N] [--rounds N] [--report FILE]
                                              five processes restarted one after the other, N times (5), under N calls a second (5,000), a
                                              fifth of them to an elected service: none may fail
trial faults [--minutes N | --seconds N] [--seed N] [--report FILE]
                                              random faults on five processes and an etcd of three members, for an hour
trial bank [--minutes N | --seconds N] [--members N] [--lease SECONDS] [--seed N] [--report FILE]
                                              a replicated bank, one or some of whose members (5) are killed every second, for ten minutes
trial networks [--report FILE]                networks that are cut and slowed; needs root and `ip`, `tc` (iproute2)";

/// A trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trial {
    Restarts,
    Faults,
    Networks,
    Bank,
}

#[derive(Debug)]
pub(crate) struct Arguments {
    pub(crate) trial: Trial,
    pub(crate) rate: u64,
    pub(crate) rounds: u64,
    pub(crate) time: Duration,
    pub(crate) seed: u64,
    pub(crate) members: u64,
    pub(crate) lease: Duration,
    pub(crate) report: Option<PathBuf>,
}

/// An hour, ten minutes for the bank, and a seed by chance, unless said otherwise.
pub(crate) fn read(words: impl IntoIterator<Item = String>) -> Result<Arguments, String> {
    let mut words = words.into_iter();
    let trial = match words.next().as_deref() {
        Some("restarts") => Trial::Restarts,
        Some("faults") => Trial::Faults,
        Some("networks") => Trial::Networks,
        Some("bank") => Trial::Bank,
        Some(other) => return Err(format!("`{other}` is not a trial\n{USAGE}")),
        None => return Err(USAGE.into()),
    };
    let minutes = if trial == Trial::Bank { 10 } else { 60 };
    let (time, seed, lease) = (Duration::from_secs(minutes * 60), any_seed(), Duration::from_secs(5));
    let mut arguments = Arguments { trial, rate: 5000, rounds: 5, time, seed, members: 5, lease, report: None };
    while let Some(word) = words.next() {
        let value = words.next().ok_or_else(|| format!("`{word}` needs a value\n{USAGE}"))?;
        let number = || value.parse::<u64>().map_err(|_| format!("`{word} {value}`: not a number\n{USAGE}"));
        match (&*word, trial) {
            ("--report", _) => arguments.report = Some(value.into()),
            ("--rate", Trial::Restarts) => arguments.rate = number()?,
            ("--rounds", Trial::Restarts) => arguments.rounds = number()?,
            ("--minutes", Trial::Faults | Trial::Bank) => arguments.time = Duration::from_secs(number()? * 60),
            ("--seconds", Trial::Faults | Trial::Bank) => arguments.time = Duration::from_secs(number()?),
            ("--seed", Trial::Faults | Trial::Bank) => arguments.seed = number()?,
            ("--members", Trial::Bank) => {
                arguments.members = number()?;
                if !(3..=5).contains(&arguments.members) {
                    return Err(format!("`--members {value}`: 3 to 5\n{USAGE}"));
                }
            }
            ("--lease", Trial::Bank) => arguments.lease = Duration::from_secs(number()?),
            _ => return Err(format!("`{word}` is not understood\n{USAGE}")),
        }
    }
    Ok(arguments)
}

fn any_seed() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(std::process::id()) % 1_000_000
}
