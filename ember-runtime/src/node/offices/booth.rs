//! Where the candidates of a node take offices and give them up: in the registry, or, where there is none, in the node's own view, for
//! then nobody else stands.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::{FutureExt, future::BoxFuture};
use tokio::{task::JoinSet, time::Instant};

#[cfg(feature = "cluster")]
use super::{ballot::Ballot, leases::Leases};
use crate::{
    directory::{ClaimRecord, Directory, EpochRecord, GroupRecord, MasterRecord, OfficeNow, Written},
    id::Epoch,
    office::{OfficeName, OfficeSeat, Tenure, Term},
    sync::lock,
};

pub(super) struct Booth {
    directory: Arc<Directory>,
    /// The lease of the node itself.
    pub(super) own: Arc<Tenure>,
    /// When the registry came back last.
    returned: Mutex<Option<Instant>>,
    /// The node retires.
    retires: AtomicBool,
    /// What decides, and the leases beside that; none on a node that is a cluster of its own.
    #[cfg(feature = "cluster")]
    leases: std::sync::OnceLock<Arc<Leases>>,
}

/// What is known of the registry.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Contact {
    /// It answers.
    pub(super) is_good: bool,
    /// How often it was away.
    pub(super) outages: u64,
    /// How long somebody who has not heard of its return may act, by the lease of a node.
    pub(super) ttl: Duration,
}

/// Tells when the registry is heard again, or not any more; never, where there is none.
pub(super) struct Heard(#[cfg(feature = "cluster")] Option<tokio::sync::watch::Receiver<crate::directory::Contact>>);

/// By which lease an office is held where there is no registry.
const ALONE: (Term, i64) = (Term(1), 0);

impl Booth {
    pub(super) fn new(directory: Arc<Directory>, own: Arc<Tenure>) -> Self {
        Self {
            directory,
            own,
            returned: Mutex::default(),
            retires: AtomicBool::new(false),
            #[cfg(feature = "cluster")]
            leases: std::sync::OnceLock::new(),
        }
    }

    /// The registry decides from now on. Once, before anybody stands.
    #[cfg(feature = "cluster")]
    pub(super) fn decide_by(&self, ballot: Ballot) {
        let _first = self.leases.set(Leases::new(ballot));
    }

    #[cfg(feature = "cluster")]
    fn ballot(&self) -> Option<&Ballot> {
        self.leases.get().map(|leases| &leases.ballot)
    }

    /// The lease by which an office is held whose service asks for one of this length.
    pub(super) fn tenure(&self, length: Option<Duration>) -> Arc<Tenure> {
        #[cfg(feature = "cluster")]
        if let (Some(leases), Some(length)) = (self.leases.get(), length)
            && length > leases.ballot.ttl
        {
            return leases.of(length, &self.own);
        }
        let _ = length;
        Arc::clone(&self.own)
    }

    /// How long the lease of the node itself is; nothing where there is no registry.
    pub(super) fn shortest(&self) -> Option<Duration> {
        #[cfg(feature = "cluster")]
        return self.ballot().map(|ballot| ballot.ttl);
        #[cfg(not(feature = "cluster"))]
        None
    }

    /// When the registry came back last.
    pub(super) fn was_back(&self, returned: Option<Instant>) {
        *lock(&self.returned) = returned;
    }

    /// The node retires.
    pub(super) fn retire(&self) {
        self.retires.store(true, Ordering::Relaxed);
    }

    pub(super) fn retires(&self) -> bool {
        self.retires.load(Ordering::Relaxed)
    }

    /// Whether the registry has been there for a lease, that of a node or of an office that is held for so long: by then whoever knows better than
    /// it has said so, and whoever has not heard of its return acts no more.
    pub(super) fn is_settled(&self, now: Instant, lease: Duration) -> bool {
        let contact = self.contact();
        contact.is_good && lock(&self.returned).is_none_or(|at| at + contact.ttl.max(lease) <= now)
    }

    /// Renews the leases beside the node's own that are wanted, for as long as `keepers` lives, and gives the others back.
    pub(super) fn keep_leases(&self, keepers: &mut JoinSet<()>, is_wanted: &dyn Fn(&Tenure) -> bool) {
        #[cfg(feature = "cluster")]
        if let Some(leases) = self.leases.get() {
            leases.keep(keepers, is_wanted);
        }
        let (_, _) = (keepers, is_wanted);
    }

    /// Gives them back.
    #[cfg(feature = "cluster")]
    pub(super) async fn leave(&self) {
        if let Some(leases) = self.leases.get() {
            leases.leave().await;
        }
    }

    /// By which lease this one would hold an office now.
    pub(super) fn holds_by(&self, seat: &OfficeSeat) -> Option<(Term, i64)> {
        #[cfg(feature = "cluster")]
        if self.ballot().is_some() {
            // Whoever is not written in the registry is found by nobody.
            return self.own.present().and_then(|_| seat.tenure().present());
        }
        let _ = seat;
        Some(ALONE)
    }

    pub(super) fn contact(&self) -> Contact {
        #[cfg(feature = "cluster")]
        if let Some(ballot) = self.ballot() {
            let contact = ballot.contact.borrow();
            return Contact { is_good: contact.is_good(), outages: contact.outages, ttl: ballot.ttl };
        }
        Contact { is_good: true, ..Contact::default() }
    }

    pub(super) fn heard(&self) -> Heard {
        #[cfg(feature = "cluster")]
        return Heard(self.ballot().map(|ballot| ballot.contact.clone()));
        #[cfg(not(feature = "cluster"))]
        Heard()
    }

    /// Takes an office that is free as far as `now` says; the revision of its entry if it was taken, as far as is known.
    pub(super) fn stand(
        &self,
        office: &OfficeName,
        record: MasterRecord,
        group: Option<GroupRecord>,
        now: &OfficeNow,
        lease: i64,
    ) -> BoxFuture<'static, Option<i64>> {
        #[cfg(feature = "cluster")]
        if let Some(ballot) = self.ballot() {
            let bid = ballot.stand(office, record, group, now, lease);
            let known = |error| {
                tracing::debug!(target: "ember::cluster", %error, "it is not known whether a candidate was elected");
                None
            };
            return bid.map(move |won| won.unwrap_or_else(known)).boxed();
        }
        let (_, _) = (now, lease);
        self.write_group(office, EpochRecord { epoch: record.epoch, group });
        self.write(office, Some(record));
        std::future::ready(Some(0)).boxed()
    }

    /// Makes an office free whose entry has this revision; whether that was done.
    pub(super) fn vacate(&self, office: &OfficeName, revision: i64) -> BoxFuture<'static, bool> {
        #[cfg(feature = "cluster")]
        if let Some(ballot) = self.ballot() {
            return ballot.vacate(office, revision).map(|done| done.is_ok()).boxed();
        }
        let _ = revision;
        self.write(office, None);
        std::future::ready(true).boxed()
    }

    /// Writes a higher epoch than the registry knows, if that is still what `now` says.
    pub(super) fn raise(&self, office: &OfficeName, now: &OfficeNow, epoch: Epoch) -> BoxFuture<'static, ()> {
        #[cfg(feature = "cluster")]
        if let Some(ballot) = self.ballot() {
            return ballot.raise(office, now, epoch).map(drop).boxed();
        }
        let (_, _, _) = (office, now, epoch);
        std::future::ready(()).boxed()
    }

    /// What no other round of claims is called.
    pub(super) fn nonce(&self) -> u64 {
        #[cfg(feature = "cluster")]
        if let Some(ballot) = self.ballot() {
            return ballot.rng.u64().max(1);
        }
        1
    }

    /// Writes what a member has, in a `round` that it begins, or in that of `now`, if the group's record and that are still what `now` says.
    pub(super) fn claim(
        &self,
        office: &OfficeName,
        claim: ClaimRecord,
        round: Option<u64>,
        now: &OfficeNow,
    ) -> BoxFuture<'static, ()> {
        #[cfg(feature = "cluster")]
        if let Some(ballot) = self.ballot() {
            return ballot.claim(office, &claim, round, now).map(drop).boxed();
        }
        let (_, _, _, _) = (office, claim, round, now);
        std::future::ready(()).boxed()
    }

    /// Writes that the loss of what a group had is accepted, if all is as `now` says; nothing if there is no registry.
    pub(super) fn accept(
        &self,
        office: &OfficeName,
        record: EpochRecord,
        now: &OfficeNow,
    ) -> BoxFuture<'static, Option<Changed>> {
        #[cfg(feature = "cluster")]
        if let Some(ballot) = self.ballot() {
            let accepted = ballot.accept(office, &record, now);
            return accepted.map(|done| Some(done.map_or(Changed::Unknown, Changed::of))).boxed();
        }
        let (_, _, _) = (office, record, now);
        std::future::ready(None).boxed()
    }

    /// Writes another set of members in sync; the revision of the group's record if it was written, as far as is known, and whether it is.
    pub(super) fn change(
        &self,
        office: &OfficeName,
        revisions: (i64, i64),
        next: EpochRecord,
    ) -> BoxFuture<'static, Changed> {
        #[cfg(feature = "cluster")]
        if let Some(ballot) = self.ballot() {
            let change = ballot.change(office, revisions, &next);
            return change.map(|written| written.map_or(Changed::Unknown, Changed::of)).boxed();
        }
        let _ = revisions;
        self.write_group(office, next);
        std::future::ready(Changed::Written(0)).boxed()
    }

    fn write_group(&self, office: &OfficeName, record: EpochRecord) {
        self.directory.change(|known| known.put_epoch(office, Some(Written { record, modified: 0 })));
    }

    fn write(&self, office: &OfficeName, master: Option<MasterRecord>) {
        let master = master.map(|record| Written { record, modified: 0 });
        self.directory.change(|known| known.put_master(office, master));
    }
}

/// What has come of a change of a group's record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Changed {
    /// It has this revision now.
    Written(i64),
    /// Its master, or the record itself, is not what it was.
    Overtaken,
    Unknown,
}

impl Changed {
    #[cfg(feature = "cluster")]
    fn of(written: Option<i64>) -> Self {
        written.map_or(Self::Overtaken, Self::Written)
    }
}

impl Heard {
    pub(super) async fn changed(&mut self) {
        #[cfg(feature = "cluster")]
        if let Some(contact) = &mut self.0
            && contact.changed().await.is_ok()
        {
            return;
        }
        std::future::pending().await
    }
}

impl Contact {
    /// Whether the registry has been away since there were `seen` outages, and answers again.
    pub(super) fn returned(self, seen: &mut u64) -> bool {
        self.is_good && std::mem::replace(seen, self.outages) != self.outages
    }
}

#[cfg(all(test, feature = "cluster"))]
mod tests {
    use tokio::sync::watch;

    use super::*;
    use crate::{
        directory::{NodeRecord, Stalls},
        id::{Incarnation, NodeId, NodeKey},
        net::OsNetwork,
        office::BootClock,
        registry::{Context, InProcess, Registry},
        rng::Rng,
    };

    const OWN: Duration = Duration::from_secs(5);
    const LONG: Duration = Duration::from_secs(30);

    fn alone() -> Booth {
        let here = NodeKey { id: NodeId(1), incarnation: Incarnation(1) };
        let record = NodeRecord::new(here, "here".into(), "127.0.0.1:0".parse().unwrap(), 0);
        Booth::new(Arc::new(Directory::new(record)), Arc::new(Tenure::new(BootClock::new(false))))
    }

    /// One that a registry decides for, which answers; and what says whether it does.
    async fn with_registry() -> (Booth, watch::Sender<crate::directory::Contact>) {
        let context = Context { cluster: "c".into(), network: Arc::new(OsNetwork), rng: Rng::from_seed(1) };
        let contact = watch::Sender::new(crate::directory::Contact { trouble: None, outages: 0 });
        let booth = alone();
        booth.decide_by(Ballot {
            session: InProcess::default().open(context).await.unwrap(),
            cluster: "c".into(),
            contact: contact.subscribe(),
            ttl: OWN,
            rng: Rng::from_seed(2),
            stalls: Stalls { late: Arc::new(|_| Duration::ZERO), limit: LONG },
        });
        (booth, contact)
    }

    #[tokio::test(start_paused = true)]
    async fn only_who_asks_for_a_longer_lease_than_the_nodes_own_holds_by_another() {
        let (booth, _contact) = with_registry().await;
        let is_own = |booth: &Booth, length| Arc::ptr_eq(&booth.tenure(length), &booth.own);
        assert!(is_own(&booth, None) && is_own(&booth, Some(OWN / 2)) && is_own(&booth, Some(OWN)));
        assert!(!is_own(&booth, Some(LONG)));
        assert_eq!(booth.shortest(), Some(OWN));
        assert!(is_own(&alone(), Some(LONG)), "there is nothing to hold it by");
        assert_eq!(alone().shortest(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_return_all_is_settled_when_the_longer_of_two_leases_is_over() {
        let (booth, contact) = with_registry().await;
        let now = Instant::now();
        assert!(booth.is_settled(now, LONG), "it was never away");
        booth.was_back(Some(now));
        let settled_after = |time, lease| booth.is_settled(now + time, lease);
        assert!(!settled_after(OWN - Duration::from_millis(1), Duration::ZERO) && settled_after(OWN, Duration::ZERO));
        assert!(!settled_after(OWN, LONG) && settled_after(LONG, LONG));
        contact.send_modify(|contact| contact.trouble = Some(crate::registry::RegistryError::Unavailable("x".into())));
        assert!(!settled_after(LONG, LONG), "it is away");
    }

    #[test]
    fn a_return_is_told_once_and_not_before_it_answers() {
        let (mut seen, contact) = (0, |outages, is_good| Contact { outages, is_good, ttl: OWN });
        assert!(!contact(0, true).returned(&mut seen), "it was never away");
        assert!(!contact(1, false).returned(&mut seen));
        assert!(contact(1, true).returned(&mut seen));
        assert!(!contact(1, true).returned(&mut seen));
    }

    #[test]
    fn a_node_retires_when_it_was_told_to() {
        let booth = alone();
        assert!(!booth.retires());
        booth.retire();
        assert!(booth.retires());
    }

    #[tokio::test]
    async fn each_round_of_claims_has_another_name() {
        let (booth, _contact) = with_registry().await;
        let (first, second) = (booth.nonce(), booth.nonce());
        assert!(first != 0 && second != 0 && first != second, "{first} {second}");
    }
}
