//! What the elections of a node ask of the registry, and who else could take an office.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

use super::{
    booth::Changed,
    candidate::Candidate,
    done::Done,
    elections::{Elections, Known, ON_THEIR_WAY, SWEEP},
    group::{Membership, Shipper, accept},
    order,
};
use crate::{
    actor::ServiceState,
    directory::OfficeNow,
    error::LossRefused,
    id::{Epoch, Pid},
    office::{OfficeName, Term},
    planted::{Bug, planted},
};

impl Elections {
    /// Removes entries that name services of this node which are no candidates any more: they have ended, and the registry did not answer
    /// then, or a bid came to light whose outcome was not known. When to look again.
    pub(super) fn sweep(&self, known: &mut Known, tasks: &mut JoinSet<Done>, now: Instant) -> Option<Instant> {
        if planted(Bug::ForgetOffice) {
            return None;
        }
        let mine = self.directory.offices_at(self.directory.here());
        let ghosts = mine.into_iter().filter(|(_, it)| !known.candidates.contains_key(&it.record.pid.number));
        let ghosts: BTreeMap<_, _> = ghosts.map(|(office, it)| (office, it.modified)).collect();
        known.swept.retain(|office, _| ghosts.contains_key(office));
        for (office, modified) in ghosts {
            let again = known.swept.entry(office.clone()).or_insert(now);
            if *again <= now {
                *again = now + SWEEP;
                self.vacate(tasks, 0, &office, modified, Duration::ZERO);
            }
        }
        known.swept.values().min().copied()
    }

    /// Tells those who waited for what an office that was lost, or taken, has decided. That is the user's, so nothing may be locked.
    pub(super) fn tell(&self) {
        let replicas: Vec<_> = self.lock().candidates.values().filter_map(Candidate::has_to_tell).collect();
        replicas.iter().for_each(|replica| replica.tell());
    }

    /// Leaves the office, and makes it free.
    pub(super) fn give_up(&self, tasks: &mut JoinSet<Done>, number: u64, candidate: &mut Candidate) {
        if let Some(revision) = candidate.leave() {
            candidate.vacates(revision);
            self.vacate(tasks, number, &candidate.office, revision, ON_THEIR_WAY);
        }
    }

    /// Asks the registry for the office; when to look again, if that was not to be done.
    pub(super) fn bid(
        &self,
        tasks: &mut JoinSet<Done>,
        number: u64,
        candidate: &mut Candidate,
        epoch: Epoch,
        now: &OfficeNow,
    ) -> Option<Instant> {
        let (term, lease) = self.booth.holds_by(&candidate.seat)?;
        if !candidate.bids(Instant::now()) {
            // It has just promised its master to take none.
            return candidate.member.as_ref()?.replica.promised();
        }
        let office = candidate.office.clone();
        let group = candidate.member.as_ref().and_then(Membership::record);
        let bid = self.booth.stand(&office, candidate.record(epoch), group, now, lease);
        tasks.spawn(async move { Done::Bid { number, office, epoch, term, won: bid.await } });
        None
    }

    /// Has the member say what it has.
    pub(super) fn claim(
        &self,
        tasks: &mut JoinSet<Done>,
        number: u64,
        candidate: &mut Candidate,
        begins: bool,
        now: &OfficeNow,
    ) {
        let Some(member) = &mut candidate.member else { return };
        let round = begins.then(|| self.booth.nonce());
        let claim = member.claim(round, now);
        tracing::warn!(
            target: "ember::cluster", office = %candidate.office, pid = %candidate.pid, epoch = %claim.epoch, set = claim.set.version,
            has_state = claim.has_state, begins,
            "the registry has less than this group knows, or nobody of it can be elected: this member says what it has"
        );
        member.claims.is_written();
        let on_disk = member.replica.on_disk();
        let said = self.booth.claim(&candidate.office, claim, round, now);
        tasks.spawn(async move {
            // It must know so much when it is started again.
            if on_disk.waits().await {
                said.await;
            }
            Done::Claimed { number }
        });
    }

    /// An operator accepts that a group goes on with what this instance has, or with nothing. The epoch that is written.
    pub(crate) async fn accept_loss(&self, office: &OfficeName, goes_on: Option<Pid>) -> Result<Epoch, LossRefused> {
        let now = self.directory.office(office);
        let lease = now.last.map(|last| last.lasts()).unwrap_or_default();
        if !self.booth.is_settled(Instant::now(), lease) {
            return Err(LossRefused::TooEarly);
        }
        let record = accept(&now, goes_on, self.wall())?;
        let epoch = record.epoch;
        match self.booth.accept(office, record, &now).await {
            Some(Changed::Written(_)) => {
                tracing::warn!(target: "ember::cluster", %office, ?goes_on, %epoch, "the loss of what a group had is accepted");
                Ok(epoch)
            }
            Some(Changed::Overtaken) => Err(LossRefused::Changed),
            Some(Changed::Unknown) => Err(LossRefused::Unknown),
            None => Err(LossRefused::NoRegistry),
        }
    }

    pub(super) fn vacate(
        &self,
        tasks: &mut JoinSet<Done>,
        number: u64,
        office: &OfficeName,
        revision: i64,
        after: Duration,
    ) {
        let vacated = self.booth.vacate(office, revision);
        self.freeing.fetch_add(1, Ordering::Relaxed);
        tasks.spawn(async move {
            sleep(after).await;
            Done::Vacated { number, well: vacated.await }
        });
    }

    /// The other instances of its group that can take the office: of a replicated one, those that are in sync.
    pub(super) fn others<'a>(
        &'a self,
        candidate: &Candidate,
        office: &'a OfficeNow,
    ) -> impl Iterator<Item = Pid> + use<'a> {
        let own = candidate.pid;
        let group = candidate.member.as_ref().map(|_| office.epoch.as_ref().and_then(|it| it.record.group.as_ref()));
        let is_named = move |pid: Pid| match group {
            None => true,
            Some(set) => set.is_some_and(|it| it.set.members.iter().any(|member| office.reached(*member) == pid)),
        };
        let can = move |pid: &Pid| {
            let listed = self.directory.listed(*pid).filter(|_| *pid != own && is_named(*pid));
            listed.is_some_and(|it| it.state == ServiceState::Running && !it.suspect && !it.node.retiring)
        };
        office.members.iter().copied().filter(can)
    }

    /// Whether another could take its office now: it needs the registry for that.
    pub(super) fn has_heirs(&self, candidate: &Candidate, office: &OfficeNow) -> bool {
        self.booth.contact().is_good && self.others(candidate, office).next().is_some()
    }

    pub(super) fn patience(&self, candidate: &Candidate, office: &OfficeNow) -> Duration {
        let standing: Vec<Pid> = self.others(candidate, office).collect();
        order::patience(&candidate.office, candidate.pid, &standing, &self.directory.offices_held())
    }

    /// What a replicated group's master needs, if this is one.
    pub(super) fn shipper(&self, candidate: &Candidate, epoch: Epoch, term: Term, revision: i64) -> Option<Shipper> {
        let member = candidate.member.as_ref()?;
        Some(Shipper {
            replica: Arc::clone(&member.replica),
            router: Arc::clone(&self.router),
            booth: Arc::clone(&self.booth),
            seat: Arc::clone(&candidate.seat),
            office: candidate.office.clone(),
            lease: candidate.lasts(),
            epoch,
            term,
            // Both were written at once.
            revisions: (revision, revision),
        })
    }
}
