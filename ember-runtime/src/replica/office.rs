//! How a member becomes the master, and ceases to be it.

use super::{Follower, InSync, Leader, rules};
use crate::id::Epoch;

impl Follower {
    /// As one without a journal.
    #[cfg(test)]
    pub(crate) fn lead(self, epoch: Epoch, set: InSync) -> Result<Leader, Self> {
        self.lead_on(epoch, set, (false, 1))
    }

    /// Becomes the master of `epoch`, whose record in the registry names `set`. `is_kept`: it has a journal, and what is not on its own disk does
    /// not count. With fewer in sync than `min_in_sync` it acknowledges nothing.
    ///
    /// # Errors
    ///
    /// The epoch is not later than what this member has seen, or the set does not name it, or names others while it has no state.
    pub(super) fn lead_on(
        self,
        epoch: Epoch,
        set: InSync,
        (is_kept, min_in_sync): (bool, usize),
    ) -> Result<Leader, Self> {
        let founds = set.members.len() == 1;
        if epoch <= self.epoch() || !set.names(self.me()) || !self.has_state() && !founds {
            return Err(self);
        }
        Ok(Leader::new((self.me(), self.at()), epoch, set, self.into_held(), (is_kept, min_in_sync)))
    }
}

impl Leader {
    /// Gives up its office. `running`: a handler is, which may commit or has committed. It goes on as a follower if all that it has is
    /// acknowledged; otherwise it is [deposed](Follower::is_deposed).
    pub(crate) fn depose(self, running: bool) -> Follower {
        let goes_on = !running && rules::may_go_on(self.held().log().last().index, self.acknowledged());
        let (me, epoch) = ((self.me(), self.at()), self.epoch());
        let (set, held) = self.into_parts();
        Follower::of_master(me, epoch, set, held, !goes_on)
    }
}
