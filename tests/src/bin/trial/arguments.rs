//! What the command line asks for.

use std::{path::PathBuf, time::Duration};

pub(crate) const USAGE: &str = "\
trial restarts [--rate N] [--rounds N] [--report FILE]
                                              five processes restarted one after the other, N times (5), under N calls a second (5,000), a
                                              fifth of them to an elected service: none may fail
trial faults [--minutes N | --seconds N] [--seed N] [--report FILE]
                                              random faults on five processes and an etcd of three members, for an hour
trial networks [--report FILE]                networks that are cut and slowed; needs root and `ip`, `tc` (iproute2)";

/// A trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trial {
    Restarts,
    Faults,
    Networks,
}

#[derive(Debug)]
pub(crate) struct Arguments {
    pub(crate) trial: Trial,
    pub(crate) rate: u64,
    pub(crate) rounds: u64,
    pub(crate) time: Duration,
    pub(crate) seed: u64,
    pub(crate) report: Option<PathBuf>,
}

/// An hour, and a seed by chance, unless said otherwise.
pub(crate) fn read(words: impl IntoIterator<Item = String>) -> Result<Arguments, String> {
    let mut words = words.into_iter();
    let trial = match words.next().as_deref() {
        Some("restarts") => Trial::Restarts,
        Some("faults") => Trial::Faults,
        Some("networks") => Trial::Networks,
        Some(other) => return Err(format!("`{other}` is not a trial\n{USAGE}")),
        None => return Err(USAGE.into()),
    };
    let (time, seed) = (Duration::from_secs(3600), any_seed());
    let mut arguments = Arguments { trial, rate: 5000, rounds: 5, time, seed, report: None };
    while let Some(word) = words.next() {
        let value = words.next().ok_or_else(|| format!("`{word}` needs a value\n{USAGE}"))?;
        let number = || value.parse::<u64>().map_err(|_| format!("`{word} {value}`: not a number\n{USAGE}"));
        match (&*word, trial) {
            ("--report", _) => arguments.report = Some(value.into()),
            ("--rate", Trial::Restarts) => arguments.rate = number()?,
            ("--rounds", Trial::Restarts) => arguments.rounds = number()?,
            ("--minutes", Trial::Faults) => arguments.time = Duration::from_secs(number()? * 60),
            ("--seconds", Trial::Faults) => arguments.time = Duration::from_secs(number()?),
            ("--seed", Trial::Faults) => arguments.seed = number()?,
            _ => return Err(format!("`{word}` is not understood\n{USAGE}")),
        }
    }
    Ok(arguments)
}

fn any_seed() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(std::process::id()) % 1_000_000
}
