//! One run: all that it takes to have it again.

use std::{fmt, str::FromStr};

use super::faults::Faults;

/// `Display` and `FromStr` are as in `seed=7 clients=2 calls=5 faults=kill(beta)@1200+800`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Scenario {
    pub(in super::super) seed: u64,
    pub(in super::super) clients: usize,
    pub(in super::super) calls: u32,
    pub(in super::super) faults: Faults,
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, clients, calls, faults } = self;
        write!(f, "seed={seed} clients={clients} calls={calls} faults={faults}")
    }
}

impl FromStr for Scenario {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let no = |why: &str| {
            format!(
                "`{text}` is no run to replay ({why}): copy the line that a failure printed, as in `seed=7 clients=2 calls=5 faults=none`"
            )
        };
        let (mut seed, mut clients, mut calls, mut faults) = (None, None, None, None);
        for part in text.split_whitespace() {
            let (name, value) = part.split_once('=').ok_or_else(|| no(&format!("`{part}` has no `=`")))?;
            let number = || value.parse::<u64>().map_err(|_| no(&format!("`{value}` is no number")));
            let positive = || number().and_then(|it| if it == 0 { Err(no(&format!("`{name}` is 0"))) } else { Ok(it) });
            match name {
                "seed" => seed = Some(number()?),
                "clients" => clients = Some(positive()?),
                "calls" => calls = Some(positive()?),
                "faults" => faults = Some(value.parse()?),
                _ => return Err(no(&format!("there is no `{name}`"))),
            }
        }
        let (Some(seed), Some(clients), Some(calls), Some(faults)) = (seed, clients, calls, faults) else {
            return Err(no("it needs `seed`, `clients`, `calls` and `faults`"));
        };
        match (usize::try_from(clients), u32::try_from(calls)) {
            (Ok(clients), Ok(calls)) if clients <= 1_000 => Ok(Self { seed, clients, calls, faults }),
            _ => Err(no("that is too much")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_a_line_that_is_read_back() {
        for line in [
            "seed=7 clients=2 calls=5 faults=kill(beta)@1200+800;registry(kept)@1500+10",
            "seed=18446744073709551615 clients=1 calls=1 faults=none",
        ] {
            assert_eq!(line.parse::<Scenario>().map(|it| it.to_string()), Ok(line.to_owned()));
        }
        for (wrong, why) in [
            ("7", "has no `=`"),
            ("seed=x", "`x` is no number"),
            ("seed=7 clients=0 calls=1 faults=none", "`clients` is 0"),
            ("seed=7", "it needs"),
            ("seed=7 nodes=3", "there is no `nodes`"),
            ("seed=7 clients=1 calls=1 faults=kill", "`kill` is no fault"),
            ("seed=7 clients=99999999 calls=1 faults=none", "too much"),
        ] {
            let error = wrong.parse::<Scenario>().expect_err(wrong);
            assert!(error.contains(why), "{wrong}: {error}");
        }
    }
}
