//! What keeps a former master's writes out of a database.

use std::sync::Arc;

use super::seat::OfficeSeat;
use crate::{
    error::{Error, LostReason, Result},
    id::Epoch,
};

/// The proof by which a master writes outside of Ember: its epoch. Whatever the master does to a database, a file or another system is
/// exclusive only if that system compares it.
///
/// No lease and no clock can do without: a process may stand still for a minute between its last look at the clock and its write, and
/// another master acts by then. So the database keeps the highest epoch that it has seen, and refuses lower ones:
///
/// - whoever becomes master *raises* the fence in the statement that reads its state:
///   `UPDATE account SET epoch = $1 WHERE id = $2 AND epoch <= $1 RETURNING balance` (no row: another master is later, or there is
///   no such account; look which);
/// - every write *checks* it: `UPDATE account SET balance = $1 WHERE id = $2 AND epoch = $3`, and zero rows mean that this master is
///   not the master any more.
///
/// The example `fenced` does so with SQLite, and shows a master that has stood still being refused.
#[derive(Debug, Clone)]
pub struct Fence {
    pub(crate) epoch: Epoch,
    pub(crate) seat: Arc<OfficeSeat>,
}

impl Fence {
    /// The epoch in which the handler began.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The same as the signed number that databases have for integers of 64 bits: what goes into statements.
    pub fn number(&self) -> i64 {
        // Epochs are below 2⁶³.
        i64::try_from(self.epoch.0).unwrap_or(i64::MAX)
    }

    /// Whether a reply may be released that depends on it.
    pub(crate) fn release(&self) -> Result<(), LostReason> {
        self.seat.release(self.epoch)
    }

    /// Looks whether this instance is, as far as its node knows, still the master in this epoch: for leaving off early what would be
    /// refused by the database.
    ///
    /// # Errors
    /// It is not: [`Error::NotMaster`].
    pub fn check(&self) -> Result<()> {
        self.release().map_err(|_| Error::NotMaster { epoch: self.epoch })
    }
}
