//! What a member has beside the state, as of the same record: how far it is, what became of calls, and what is owed to others. In one place, for what
//! a record says is taken whole, or not at all.

use super::{Note, Outbox, Outcomes};
use crate::{
    id::Epoch,
    message::CodecError,
    planted::{Bug, planted},
};

/// It changes by records only, in the order of the log.
#[derive(Debug, Default)]
pub(crate) struct Beside {
    applied: u64,
    outcomes: Outcomes,
    outbox: Outbox,
}

impl Beside {
    /// The index of the last record that the state has.
    pub(crate) fn applied(&self) -> u64 {
        self.applied
    }

    pub(crate) fn outcomes(&self) -> &Outcomes {
        &self.outcomes
    }

    pub(crate) fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// The entries of the record of this index, which is of this epoch, are in the state, and it says this. Or says it too, if it was the last.
    pub(crate) fn take(&mut self, index: u64, epoch: Epoch, notes: impl IntoIterator<Item = Note>) {
        self.applied = index;
        for note in notes {
            self.outbox.take(epoch, &note);
            self.outcomes.take(note);
        }
    }

    /// Appends it as others learn it: before the state.
    ///
    /// # Errors
    /// Only for a mistake in Ember.
    pub(crate) fn write(&self, out: &mut Vec<u8>) -> Result<(), CodecError> {
        self.outcomes.write(out)?;
        self.outbox.write(out)
    }

    /// Of a picture of the state after the record of this index. And the bytes of the state.
    ///
    /// # Errors
    /// The bytes are no picture.
    pub(crate) fn read(picture: &[u8], applied: u64) -> Result<(Self, &[u8]), CodecError> {
        let (outcomes, rest) = Outcomes::read(picture)?;
        let (outbox, state) = Outbox::read(rest)?;
        let outcomes = if planted(Bug::ForgetOutcomes) { Outcomes::default() } else { outcomes };
        let outbox = if planted(Bug::ForgetOwed) { Outbox::default() } else { outbox };
        Ok((Self { applied, outcomes, outbox }, state))
    }
}
