//! What an instance is told of its role, in its turn: nothing of its handlers runs meanwhile.

use std::{collections::BTreeSet, fmt};

use bytes::Bytes;
use tokio::sync::oneshot;

use crate::{
    id::{CallId, Epoch, Serial},
    message::{Settled, Stored},
};

/// What it is told.
#[derive(Debug)]
pub(crate) enum Appointment {
    /// It has been elected: it enters its office, and `#[on(master)]` runs.
    Lead(Epoch, Told),
    /// It is not the master, or not any more: `#[on(slave)]` runs.
    Follow(Epoch),
    /// It gives its office up.
    Resign(Epoch, Told),
    /// Others of its group have committed something: it applies that.
    CatchUp,
    /// It tells its state, in this memory, and which was the last record that has been applied to it.
    Picture(Vec<u8>, Pictured),
    /// It tells what became of a call; nothing if it is not the master, or will not know.
    Outcome(CallId, oneshot::Sender<Option<Stored>>),
    /// It tells what calls its group owes to others, so many of each lane but these; nothing if it is not the master.
    Owed(BTreeSet<u64>, usize, oneshot::Sender<Vec<Debt>>),
    /// The one of this lane and number has been answered.
    Paid(u64, u64),
    /// The reply of a call is there that came later than its method returned.
    Reply(Late),
}

/// A call that a group owes to another service. Cloning it copies none of its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Debt {
    /// A hash of whom it is for.
    pub(crate) lane: u64,
    /// No other of its group has it, also where an operator has accepted that the end of the log is lost.
    pub(crate) serial: Serial,
    pub(crate) call: Bytes,
}

/// Such a reply.
pub(crate) struct Late {
    pub(crate) id: CallId,
    pub(crate) reply: Stored,
    /// Is told when it may leave, or that it may not.
    pub(crate) then: Settled,
}

impl fmt::Debug for Late {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Late").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A record: its epoch and its index.
type At = (Epoch, u64);

/// Is told a state, as bytes; nothing if it cannot be written.
type Pictured = oneshot::Sender<Option<(At, Bytes)>>;

/// Is told whether it has done what it was told, or has not if this is dropped.
type Told = oneshot::Sender<bool>;
