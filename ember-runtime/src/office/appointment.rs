//! What an instance is told of its role, in its turn: nothing of its handlers runs meanwhile.

use bytes::Bytes;
use tokio::sync::oneshot;

use crate::id::Epoch;

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
    /// It tells its state, and which was the last record that has been applied to it.
    Picture(Pictured),
}

/// Is told a state, as bytes; nothing if it cannot be written.
type Pictured = oneshot::Sender<Option<(u64, Bytes)>>;

/// Is told whether it has done what it was told, or has not if this is dropped.
type Told = oneshot::Sender<bool>;
