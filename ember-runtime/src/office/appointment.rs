//! What an instance is told of its role, in its turn: nothing of its handlers runs meanwhile.

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
}

/// Is told whether it has done what it was told, or has not if this is dropped.
type Told = oneshot::Sender<bool>;
