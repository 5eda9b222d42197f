//! The leases of a node beside its own: for offices that are held for longer than that lasts without the registry. One for each length that
//! was asked for, renewed as often as the node's own, so that it bridges an outage of nearly its whole length.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::future::join_all;
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Instant, sleep},
};

use super::ballot::Ballot;
use crate::{directory::Upkeep, office::Tenure, registry::RegistryError, sync::lock};

/// The least pause after a lease that was lost.
const MIN_PAUSE: Duration = Duration::from_millis(50);
/// The longest.
const MAX_PAUSE: Duration = Duration::from_secs(1);

pub(super) struct Leases {
    held: Mutex<BTreeMap<Duration, Held>>,
    /// The node has left: none is taken any more.
    left: watch::Sender<bool>,
}

struct Held {
    tenure: Arc<Tenure>,
    /// Somebody renews it.
    is_kept: bool,
}

impl Leases {
    pub(super) fn new() -> Self {
        Self { held: Mutex::default(), left: watch::Sender::new(false) }
    }

    /// The lease of this length, on a node whose own is that of `own`.
    pub(super) fn of(&self, length: Duration, own: &Tenure) -> Arc<Tenure> {
        let mut held = lock(&self.held);
        let new = || Held { tenure: Arc::new(own.beside()), is_kept: false };
        Arc::clone(&held.entry(length).or_insert_with(new).tenure)
    }

    /// Keeps those that nobody keeps yet, for as long as `keepers` lives.
    pub(super) fn keep(&self, ballot: &Arc<Ballot>, keepers: &mut JoinSet<()>) {
        for (&length, held) in lock(&self.held).iter_mut().filter(|(_, held)| !held.is_kept) {
            held.is_kept = true;
            let (ballot, tenure, left) = (Arc::clone(ballot), Arc::clone(&held.tenure), self.left.subscribe());
            keepers.spawn(run(ballot, length, tenure, left));
        }
    }

    /// Gives all back at once, and for good: what was held by them is free.
    pub(super) async fn leave(&self, ballot: &Ballot) {
        // First: a lease that is granted now must not be used.
        self.left.send_replace(true);
        let leases: Vec<_> = lock(&self.held).values().filter_map(|held| held.tenure.end()).collect();
        let revoked = join_all(leases.into_iter().map(|lease| ballot.session.revoke(lease))).await;
        for error in revoked.into_iter().filter_map(Result::err) {
            tracing::debug!(target: "ember::cluster", %error, "a lease could not be revoked; it will expire");
        }
    }
}

async fn run(ballot: Arc<Ballot>, length: Duration, tenure: Arc<Tenure>, mut left: watch::Receiver<bool>) {
    tokio::select! {
        biased;
        _ = left.wait_for(|left| *left) => {}
        () = keep_one(&ballot, length, &tenure) => {}
    }
}

/// Takes a lease, and another when it is lost.
async fn keep_one(ballot: &Ballot, length: Duration, tenure: &Arc<Tenure>) {
    let mut wait = MIN_PAUSE;
    loop {
        let begun = Instant::now();
        let error = hold_one(ballot, length, tenure).await;
        tenure.end();
        tracing::debug!(target: "ember::cluster", %error, ?length, "no lease for offices that are held so long: trying again");
        wait = if begun.elapsed() > length { MIN_PAUSE } else { (wait * 2).min(MAX_PAUSE) };
        sleep(wait / 2 + ballot.rng.jitter(wait / 2)).await;
    }
}

async fn hold_one(ballot: &Ballot, length: Duration, tenure: &Arc<Tenure>) -> RegistryError {
    let Ballot { session, rng, stalls, contact, ttl, .. } = ballot;
    let (sent, begun) = (Instant::now(), tenure.sends());
    let lease = match session.grant(length).await {
        Ok(lease) => lease,
        Err(error) => return error,
    };
    tenure.begin(lease.id, begun, lease.ttl);
    let upkeep = Upkeep { session, tenure, rng, stalls, contact: contact.clone() };
    let Err(error) = upkeep.keep(sent, lease, *ttl / 3).await;
    error
}
