//! The leases of a node beside its own: for offices that are held for longer than that lasts without the registry. One for each length that
//! somebody asks for, renewed as often as the node's own, so that it bridges an outage of nearly its whole length; given back when nobody
//! asks for it any more.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::future::join_all;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

use super::{ballot::Ballot, candidate::whole_seconds};
use crate::{
    directory::Upkeep,
    office::{Sent, Tenure},
    registry::{Lease, LeaseId, RegistryError},
    sync::lock,
};

/// The least pause after a lease that was lost.
const MIN_PAUSE: Duration = Duration::from_millis(50);
/// The longest.
const MAX_PAUSE: Duration = Duration::from_secs(1);

pub(super) struct Leases {
    pub(super) ballot: Ballot,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// By their lengths, in whole seconds. One that is not here any more is no lease, whatever the registry grants.
    held: BTreeMap<Duration, Held>,
    /// The node has left: none is taken any more.
    left: bool,
}

struct Held {
    tenure: Arc<Tenure>,
    /// Somebody renews it.
    is_kept: bool,
}

impl Leases {
    pub(super) fn new(ballot: Ballot) -> Arc<Self> {
        Arc::new(Self { ballot, known: Mutex::default() })
    }

    /// The lease of this length, on a node whose own is that of `own`.
    pub(super) fn of(&self, length: Duration, own: &Tenure) -> Arc<Tenure> {
        let new = || Held { tenure: Arc::new(own.beside()), is_kept: false };
        Arc::clone(&lock(&self.known).held.entry(whole_seconds(length)).or_insert_with(new).tenure)
    }

    /// Gives back those that are not wanted any more, and keeps the others that nobody keeps yet, for as long as `keepers` lives.
    pub(super) fn keep(self: &Arc<Self>, keepers: &mut JoinSet<()>, is_wanted: &dyn Fn(&Tenure) -> bool) {
        while keepers.try_join_next().is_some() {}
        let mut known = lock(&self.known);
        if known.left {
            return;
        }
        known.held.retain(|_, held| {
            let stays = is_wanted(&held.tenure);
            let lease = if stays { None } else { held.tenure.end() };
            if let Some(lease) = lease {
                let leases = Arc::clone(self);
                keepers.spawn(async move { leases.give_back(lease).await });
            }
            stays
        });
        for (&length, held) in known.held.iter_mut().filter(|(_, held)| !held.is_kept) {
            held.is_kept = true;
            keepers.spawn(Arc::clone(self).run(length, Arc::clone(&held.tenure)));
        }
    }

    /// Gives all back at once, and for good: what was held by them is free.
    pub(super) async fn leave(&self) {
        let leases: Vec<_> = {
            let mut known = lock(&self.known);
            known.left = true;
            std::mem::take(&mut known.held).into_values().filter_map(|held| held.tenure.end()).collect()
        };
        join_all(leases.into_iter().map(|lease| self.give_back(lease))).await;
    }

    async fn give_back(&self, lease: LeaseId) {
        if let Err(error) = self.ballot.session.revoke(lease).await {
            tracing::debug!(target: "ember::cluster", %error, "a lease could not be revoked; it will expire");
        }
    }

    /// Takes a lease, and another when it is lost, until it is given back.
    async fn run(self: Arc<Self>, length: Duration, tenure: Arc<Tenure>) {
        let (mut wait, mut is_said) = (MIN_PAUSE, false);
        while lock(&self.known).has(length, &tenure) {
            let begun = Instant::now();
            let error = self.hold(length, &tenure, &mut is_said).await;
            if !lock(&self.known).has(length, &tenure) {
                return;
            }
            tenure.end();
            if std::mem::replace(&mut is_said, true) {
                tracing::debug!(target: "ember::cluster", %error, ?length, "still no lease for offices that are held so long");
            } else {
                tracing::warn!(
                    target: "ember::cluster", %error, ?length,
                    "no lease for offices that are held so long: until there is one, this node takes none of them. It is tried again"
                );
            }
            wait = if begun.elapsed() > length { MIN_PAUSE } else { (wait * 2).min(MAX_PAUSE) };
            sleep(wait / 2 + self.ballot.rng.jitter(wait / 2)).await;
        }
    }

    /// Takes one and renews it; how it was lost.
    async fn hold(&self, length: Duration, tenure: &Arc<Tenure>, is_said: &mut bool) -> RegistryError {
        let Ballot { session, rng, stalls, contact, ttl, .. } = &self.ballot;
        let (sent, asked) = (Instant::now(), tenure.sends());
        let lease = match session.grant(length).await {
            Ok(lease) => lease,
            Err(error) => return error,
        };
        if !lock(&self.known).begin(length, tenure, lease, asked) {
            self.give_back(lease.id).await;
            return RegistryError::LeaseNotFound(lease.id);
        }
        *is_said = false;
        let upkeep = Upkeep { session, tenure, rng, stalls, contact: contact.clone() };
        let Err(error) = upkeep.keep(sent, lease, *ttl / 3).await;
        error
    }
}

impl Known {
    fn has(&self, length: Duration, tenure: &Arc<Tenure>) -> bool {
        self.held.get(&length).is_some_and(|held| Arc::ptr_eq(&held.tenure, tenure))
    }

    /// Uses a lease that was asked for then, unless it has been given back before it was granted.
    fn begin(&self, length: Duration, tenure: &Arc<Tenure>, lease: Lease, asked: Sent) -> bool {
        let stays = self.has(length, tenure);
        if stays {
            tenure.begin(lease.id, asked, lease.ttl);
        }
        stays
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        directory::{Contact, Stalls},
        net::OsNetwork,
        office::BootClock,
        registry::{Context, InProcess, Registry},
        rng::Rng,
    };

    const OWN: Duration = Duration::from_secs(5);
    const LONG: Duration = Duration::from_secs(30);

    async fn leases() -> (Arc<Leases>, Tenure) {
        let context = Context { cluster: "c".into(), network: Arc::new(OsNetwork), rng: Rng::from_seed(1) };
        let ballot = Ballot {
            session: InProcess::default().open(context).await.unwrap(),
            cluster: "c".into(),
            contact: Contact::none().subscribe(),
            ttl: OWN,
            rng: Rng::from_seed(2),
            stalls: Stalls { late: Arc::new(|_| Duration::ZERO), limit: LONG },
        };
        (Leases::new(ballot), Tenure::new(BootClock::new(false)))
    }

    /// The lease that is granted.
    async fn granted(tenure: &Tenure) -> LeaseId {
        let mut changes = tenure.changes();
        loop {
            if let Some((_, lease)) = tenure.present() {
                return lease;
            }
            changes.changed().await.unwrap();
        }
    }

    async fn is_gone(leases: &Leases, lease: LeaseId) -> bool {
        matches!(leases.ballot.session.keep_alive(lease).await, Err(RegistryError::LeaseNotFound(_)))
    }

    #[tokio::test(start_paused = true)]
    async fn those_who_ask_for_as_many_seconds_share_a_lease_and_what_nobody_asks_for_is_given_back() {
        let (leases, own) = leases().await;
        let mut keepers = JoinSet::new();
        let (one, other) = (leases.of(LONG, &own), leases.of(LONG * 2, &own));
        let shared = leases.of(LONG - Duration::from_millis(300), &own);
        assert!(Arc::ptr_eq(&one, &shared) && !Arc::ptr_eq(&one, &other));
        leases.keep(&mut keepers, &|_| true);
        leases.keep(&mut keepers, &|_| true);
        assert_eq!(keepers.len(), 2, "one for each");
        let (first, second) = (granted(&one).await, granted(&other).await);
        leases.keep(&mut keepers, &|tenure| std::ptr::eq(tenure, &*one));
        assert!(other.present().is_none());
        // What gives it back ends, as whoever renewed it does.
        while keepers.len() > 1 {
            keepers.join_next().await;
        }
        assert!(is_gone(&leases, second).await && !is_gone(&leases, first).await);
        assert_eq!(one.present().map(|(_, lease)| lease), Some(first));
        // Whoever asks for it again gets another.
        let again = leases.of(LONG * 2, &own);
        leases.keep(&mut keepers, &|_| true);
        assert_ne!(granted(&again).await, second);
        leases.leave().await;
        while keepers.join_next().await.is_some() {}
        assert!(one.present().is_none() && again.present().is_none() && is_gone(&leases, first).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_lease_that_is_granted_after_the_node_has_left_is_not_used() {
        let (leases, own) = leases().await;
        let tenure = leases.of(LONG, &own);
        let (asked, lease) = (tenure.sends(), leases.ballot.session.grant(LONG).await.unwrap());
        leases.leave().await;
        assert!(!lock(&leases.known).begin(LONG, &tenure, lease, asked));
        assert!(tenure.present().is_none());
        let late = leases.of(LONG, &own);
        let mut keepers = JoinSet::new();
        leases.keep(&mut keepers, &|_| true);
        assert!(keepers.is_empty() && late.present().is_none(), "none is taken any more");
    }
}
