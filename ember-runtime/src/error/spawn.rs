//! Not all services of a batch were started.

use std::{error, fmt};

use super::Error;
use crate::id::Pid;

/// So many of those that were not started are named.
const NAMED: usize = 3;

/// Of the services that were given to `spawn_all`, some were not started. The others run, and go on: `spawned` has their pids, so
/// that they can be used, or stopped again.
pub struct SpawnAllError {
    /// Those that run, in the order in which they were given: the place, counted from 0, and the pid.
    pub spawned: Vec<(usize, Pid)>,
    /// Those that were not started, in the same order: the place, and why. At least one.
    pub refused: Vec<(usize, Error)>,
}

impl fmt::Display for SpawnAllError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { spawned, refused } = self;
        let all = spawned.len() + refused.len();
        write!(f, "{} of {all} services were not started (the others run)", refused.len())?;
        for (nth, (place, why)) in refused.iter().take(NAMED).enumerate() {
            write!(f, "{} number {place}, counted from 0: {why}", if nth == 0 { ":" } else { ";" })?;
        }
        match refused.len().saturating_sub(NAMED) {
            0 => Ok(()),
            more => write!(f, "; and {more} more"),
        }
    }
}

/// The same words as `Display`, as of [`Error`].
impl fmt::Debug for SpawnAllError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl error::Error for SpawnAllError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        self.refused.first().map(|(_, why)| why as _)
    }
}

impl From<SpawnAllError> for Error {
    fn from(error: SpawnAllError) -> Self {
        Self::other(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_few_are_named_and_the_others_counted() {
        let refused = |places: std::ops::Range<usize>| SpawnAllError {
            spawned: Vec::new(),
            refused: places.map(|place| (place, Error::Closed)).collect(),
        };
        let one = refused(7..8).to_string();
        assert_eq!(
            one,
            "1 of 1 services were not started (the others run): number 7, counted from 0: the node has been shut down"
        );
        let many = Error::from(refused(0..100_000)).to_string();
        assert!(many.ends_with("; and 99997 more") && many.len() < 400, "{many}");
    }
}
