//! What a follower of entries finds in the log of a member.

use crate::replica::{Point, Record};

/// What there is after a point of the log.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// These records, the first of which has this index.
    Records(u64, Vec<Record>),
    /// Nothing, as far as this member knows.
    Nothing,
    /// This member does not know that all is acknowledged which its reader has, or its group goes on without some of it.
    Ahead,
    /// This is the last.
    Last(Point),
    /// Its log begins after this point, and so too late. `surely`: it is the master, and its group has no more to say than it has.
    Begins { base: Point, surely: bool },
    /// Its group goes on without what was asked for, after this.
    Undone { shared: Point },
    /// It does not know what its group has.
    Behind,
}
