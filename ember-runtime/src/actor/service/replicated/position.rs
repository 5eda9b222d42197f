//! Places in what a group has acknowledged, as its followers know them.

use std::{cmp::Reverse, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{error::Error, id::Epoch, replica::Point};

/// How far a follower of a replicated service has got: all entries up to here it has, and what [comes after](crate::node::Follow::after)
/// it has not.
///
/// Later entries of a group have greater positions, over fail-overs too. Positions of two groups have nothing to do with each other.
///
/// A read model keeps it with what it makes of the entries: as serde writes it, or as text (`to_string` and `parse`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Position {
    epoch: Epoch,
    index: u64,
    left: u32,
}

impl Position {
    /// Before the first entry that a group has ever had. The default.
    pub const START: Self = Self { epoch: Epoch(0), index: 0, left: 0 };

    pub(crate) fn new(at: Point, left: u32) -> Self {
        Self { epoch: at.epoch, index: at.index, left }
    }

    /// The record, all entries of which come before it unless some are [left](Self::left).
    pub(crate) fn point(self) -> Point {
        Point { epoch: self.epoch, index: self.index }
    }

    /// In which the entry was committed.
    pub fn epoch(self) -> Epoch {
        self.epoch
    }

    /// The number of its record in the log of the group, counted from 1. Not all records have entries: numbers may be left out.
    pub fn index(self) -> u64 {
        self.index
    }

    /// So many entries of the same record come after it: those of one `cx.commit_all` are one record, of which this is the end where
    /// it is 0.
    pub fn left(self) -> u32 {
        self.left
    }
}

impl Default for Position {
    fn default() -> Self {
        Self::START
    }
}

impl Ord for Position {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let key = |it: &Self| (it.epoch, it.index, Reverse(it.left));
        key(self).cmp(&key(other))
    }
}

impl PartialOrd for Position {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.epoch, self.index, self.left)
    }
}

impl FromStr for Position {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let read = || {
            let mut parts = text.split('/');
            let (epoch, index, left) = (parts.next()?, parts.next()?, parts.next()?);
            let position =
                Self { epoch: Epoch(epoch.parse().ok()?), index: index.parse().ok()?, left: left.parse().ok()? };
            parts.next().is_none().then_some(position)
        };
        read().ok_or_else(|| Error::other(format!("`{text}` is no position: one is written as `1764480000000/42/0`")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(epoch: u64, index: u64, left: u32) -> Position {
        Position { epoch: Epoch(epoch), index, left }
    }

    #[test]
    fn positions_are_ordered_as_entries_are() {
        let all = [Position::START, at(1, 1, 0), at(1, 2, 2), at(1, 2, 1), at(1, 2, 0), at(1, 3, 0), at(2, 2, 0)];
        assert!(all.is_sorted_by(|a, b| a < b), "{all:?}");
    }

    #[test]
    fn positions_are_read_as_they_were_written() {
        let position = at(1_764_480_000_000, 42, 3);
        assert_eq!(position.to_string().parse::<Position>().unwrap(), position);
        for text in ["", "1", "1/2", "1/2/3/4", "1/2/x", "-1/2/3", "1/2/4294967296"] {
            let error = text.parse::<Position>().unwrap_err();
            assert!(error.to_string().contains(text), "{error}");
        }
    }
}
