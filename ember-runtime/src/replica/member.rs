//! Who takes part.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    id::Pid,
    planted::{Bug, planted},
};

/// An instance of a group, for as long as it keeps the state that it has: who drops its state takes the next incarnation, whom no set
/// has named.
///
/// It is a name, and not an address: the pid is that of the run in which its state began. Who goes on from a [journal](super::journal)
/// runs under another pid, and is the same member.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct Member {
    pub(crate) pid: Pid,
    pub(crate) incarnation: u32,
}

impl Member {
    /// An instance that has just started.
    pub(crate) fn first(pid: Pid) -> Self {
        Self { pid, incarnation: 0 }
    }

    /// The same instance, without the state that it had.
    pub(super) fn reborn(self) -> Self {
        let next = u32::from(!planted(Bug::KeepName));
        Self { incarnation: self.incarnation.saturating_add(next), ..self }
    }
}

impl fmt::Display for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.pid, self.incarnation)
    }
}

impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
