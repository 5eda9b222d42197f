//! What a candidate has its operator know.

use std::time::Duration;

use tokio::time::Instant;

use super::candidate::Candidate;
use crate::directory::{MasterRecord, OfficeNow, Vacancy, what_they_have};

/// That a group has no master is said again after this.
const AGAIN: Duration = Duration::from_secs(60);

impl Candidate {
    /// The lease of another that is the master, if that is not its own; once in each epoch.
    pub(super) fn other_lease(&mut self, office: &OfficeNow) -> Option<Duration> {
        // What is asked for says little before the registry has granted it.
        let is_granted = !self.seat.tenure().granted().is_zero();
        let differs = |it: &MasterRecord| it.lease > 0 && is_granted && it.lasts() != self.lasts();
        let master = office.master.map(|it| it.record).filter(differs)?;
        let is_said = self.other_in.replace(master.epoch) == Some(master.epoch);
        (!is_said && master.pid != self.pid).then(|| master.lasts())
    }

    /// Says that once in each epoch.
    pub(super) fn warn_of_another_lease(&mut self, office: &OfficeNow) {
        if let Some(other) = self.other_lease(office) {
            tracing::warn!(
                target: "ember::cluster", office = %self.office, here = ?self.lasts(), at_the_master = ?other,
                "the instances of a group have different leases: give all of them the same `Hosted::lease(…)`"
            );
        }
    }

    /// Why nobody can be elected, when that has been so for a lease: once in each epoch, and again after a while.
    pub(super) fn vacancy_to_tell(&mut self, office: &OfficeNow, now: Instant) -> Option<Vacancy> {
        let Some(vacancy) = self.member.as_ref().and_then(|_| office.vacancy()) else {
            self.vacant_since = None;
            return None;
        };
        let since = *self.vacant_since.get_or_insert(now);
        let is_said = |(epoch, at)| epoch == office.highest && now < at + AGAIN;
        if now < since + self.longest_lease(office) || self.warned.is_some_and(is_said) {
            return None;
        }
        self.warned = Some((office.highest, now));
        Some(vacancy)
    }

    /// Says that.
    pub(super) fn warn_of_vacancy(&mut self, office: &OfficeNow, now: Instant) {
        let Some(vacancy) = self.vacancy_to_tell(office, now) else { return };
        tracing::error!(
            target: "ember::cluster", office = %self.office, why = %vacancy, has = %what_they_have(office),
            "this group has no master, and nobody can be elected: bring one of those back who are missing, with the state that it had; or accept the loss of \
             what was acknowledged since, by `node.accept_loss(…)`: with the pid of the member that is to go on, or, where nobody has anything, with `None`, to \
             begin anew"
        );
    }
}
