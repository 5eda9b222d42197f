//! Which of the shards of a service one is.

use crate::id::Pid;

/// A shard of a sharded service: its number, and of how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Shard {
    number: u16,
    of: u16,
    service: Pid,
}

impl Shard {
    pub(crate) fn new(number: u16, of: u16, service: Pid) -> Self {
        Self { number, of, service }
    }

    /// From 0: the keys whose hash leaves this when it is divided by [`of`](Self::of) are its own.
    pub fn number(self) -> u16 {
        self.number
    }

    /// So many shards the service has.
    pub fn of(self) -> u16 {
        self.of
    }

    /// The whole service: this is the pid to hand out. The shard's own, [`Cx::pid`](crate::actor::Cx::pid), takes calls with its own keys only.
    pub fn service(self) -> Pid {
        self.service
    }
}
