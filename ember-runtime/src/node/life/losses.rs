//! What an operator decides for a replicated group that cannot go on by itself.

use super::running::Node;
use crate::{
    error::LossRefused,
    id::{Epoch, Pid},
    office::GroupName,
};

impl Node {
    /// Accepts that a replicated group has lost what it had acknowledged, so that it has a master again: `goes_on` is the member that goes on with
    /// what it has, and with `None` the group begins anew, with nothing. The epoch that is written; the member is elected in a later one, within a
    /// lease after the registry's last return, or at once.
    ///
    /// For when all members are gone that had all that was acknowledged, or when the registry has come back with less than is known and some of
    /// those who may have it are missing. Until then the group has no master, its calls are `NoMaster` at their deadline, and the log of each
    /// node that has an instance says why, and who has what, once a minute.
    ///
    /// **What it costs:** whatever was acknowledged and is not in that member's state is lost for good, whoever comes back with it later: it drops
    /// what it has, and learns. Callers have been told that it was done. So first try to bring those back who are missing: a process that is
    /// cut off, or that stands still, has its state. A process that has been started again has not.
    ///
    /// # Errors
    /// Nothing has been done, but for [`LossRefused::Unknown`]: see there. It is refused while a member lives that has all of it.
    ///
    /// # Cancel safety
    /// Dropped, it may be done or not. To ask again does no harm: where the group has a master, that is an error.
    pub async fn accept_loss(&self, group: &GroupName, goes_on: Option<Pid>) -> Result<Epoch, LossRefused> {
        let services = &self.inner.services;
        services.elections.accept_loss(&group.office(services.record.server), goes_on).await
    }
}
