//! Where the candidates of a node take offices and give them up: in the registry, or, where there is none, in the node's own view, for
//! then nobody else stands.

use std::{sync::Arc, time::Duration};

use futures_util::{FutureExt, future::BoxFuture};
use tokio::task::JoinSet;

#[cfg(feature = "cluster")]
use super::{ballot::Ballot, leases::Leases};
use crate::{
    directory::{Directory, MasterRecord, OfficeNow, Written},
    office::{OfficeName, OfficeSeat, Tenure, Term},
};

pub(super) struct Booth {
    directory: Arc<Directory>,
    /// The lease of the node itself.
    pub(super) own: Arc<Tenure>,
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
        now: &OfficeNow,
        lease: i64,
    ) -> BoxFuture<'static, Option<i64>> {
        #[cfg(feature = "cluster")]
        if let Some(ballot) = self.ballot() {
            let bid = ballot.stand(office, record, now, lease);
            let known = |error| {
                tracing::debug!(target: "ember::cluster", %error, "it is not known whether a candidate was elected");
                None
            };
            return bid.map(move |won| won.unwrap_or_else(known)).boxed();
        }
        let (_, _) = (now, lease);
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

    fn write(&self, office: &OfficeName, master: Option<MasterRecord>) {
        let master = master.map(|record| Written { record, modified: 0 });
        self.directory.change(|known| known.put_master(office, master));
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
