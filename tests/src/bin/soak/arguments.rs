//! What the command line asks for.

use std::{path::PathBuf, time::Duration};

pub(crate) const USAGE: &str = "soak [--minutes N | --seconds N] [--seed N] [--report FILE]";

pub(crate) struct Arguments {
    pub(crate) time: Duration,
    pub(crate) seed: u64,
    pub(crate) report: Option<PathBuf>,
}

/// An hour, and a seed by chance, unless said otherwise.
pub(crate) fn read(words: impl IntoIterator<Item = String>) -> Result<Arguments, String> {
    let mut arguments = Arguments { time: Duration::from_secs(3600), seed: any_seed(), report: None };
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        let value = words.next().ok_or_else(|| format!("`{word}` needs a value: {USAGE}"))?;
        let number = || value.parse::<u64>().map_err(|_| format!("`{word} {value}`: not a number: {USAGE}"));
        match &*word {
            "--minutes" => arguments.time = Duration::from_secs(number()? * 60),
            "--seconds" => arguments.time = Duration::from_secs(number()?),
            "--seed" => arguments.seed = number()?,
            "--report" => arguments.report = Some(value.into()),
            _ => return Err(format!("`{word}` is not understood: {USAGE}")),
        }
    }
    Ok(arguments)
}

fn any_seed() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(std::process::id()) % 1_000_000
}
