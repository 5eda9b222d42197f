//! Keeps this node written in the registry: one lease, one key for the node and one per registered service.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use tokio::{
    sync::watch,
    time::{Instant, sleep, sleep_until, timeout_at},
};

use super::Contact;
use crate::{
    registry::{Lease, Operation, RegistryError, Session, Transaction},
    rng::Rng,
};

/// How many writes go into one transaction; etcd takes 128.
const AT_ONCE: usize = 100;

/// What shall be in the registry, and whether it is.
pub(crate) struct Announcer {
    session: Arc<dyn Session>,
    ttl: Duration,
    rng: Rng,
    wanted: Mutex<BTreeMap<String, Bytes>>,
    /// Grows with every change of `wanted`.
    version: watch::Sender<u64>,
    /// The version that the registry has.
    written: watch::Sender<u64>,
    lease: Mutex<Option<Lease>>,
    /// The node has left: nothing is written any more.
    left: watch::Sender<bool>,
    contact: watch::Receiver<Contact>,
}

impl Announcer {
    pub(crate) fn new(
        session: Arc<dyn Session>,
        ttl: Duration,
        rng: Rng,
        contact: watch::Receiver<Contact>,
    ) -> Arc<Self> {
        Arc::new(Self {
            session,
            ttl,
            rng,
            wanted: Mutex::default(),
            version: watch::Sender::new(0),
            written: watch::Sender::new(0),
            lease: Mutex::default(),
            left: watch::Sender::new(false),
            contact,
        })
    }

    /// Says what shall be written, in place of what was said before.
    pub(crate) fn want(&self, entries: BTreeMap<String, Bytes>) {
        *self.wanted.lock().unwrap_or_else(PoisonError::into_inner) = entries;
        self.version.send_modify(|version| *version += 1);
    }

    /// Waits until everything that has been set so far is written.
    pub(crate) async fn settled(&self) {
        let version = *self.version.borrow();
        let _ = self.written.subscribe().wait_for(|written| *written >= version).await;
    }

    /// Keeps it written until dropped, or until [`leave`](Self::leave).
    pub(crate) async fn run(self: Arc<Self>) {
        let mut left = self.left.subscribe();
        tokio::select! {
            biased;
            _ = left.wait_for(|left| *left) => {}
            () = self.keep_written() => {}
        }
    }

    async fn keep_written(&self) {
        let mut wait = Duration::from_millis(50);
        loop {
            let started = Instant::now();
            if let Err(error) = self.hold_lease().await {
                tracing::warn!(target: "ember::cluster", %error, "this node is not written in the registry: trying again");
            }
            wait = if started.elapsed() > self.ttl { Duration::from_millis(50) } else { (wait * 2).min(self.ttl / 5) };
            sleep(wait / 2 + self.rng.jitter(wait / 2)).await;
        }
    }

    /// Takes a lease, writes everything under it, and keeps both up. Returns when the lease is lost.
    async fn hold_lease(&self) -> Result<(), RegistryError> {
        let mut versions = self.version.subscribe();
        let mut contact = self.contact.clone();
        let mut outages = contact.borrow_and_update().outages;
        let mut sent = Instant::now();
        let mut lease = self.session.grant(self.ttl).await?;
        *self.lease.lock().unwrap_or_else(PoisonError::into_inner) = Some(lease);
        let mut written = BTreeMap::new();
        loop {
            let version = *versions.borrow_and_update();
            self.write(&lease, &mut written).await?;
            self.written.send_replace(version);
            let renew_at = sent + lease.ttl / 3;
            tokio::select! {
                // The renewal first: no number of changes may keep it away.
                biased;
                () = sleep_until(renew_at) => {
                    (sent, lease) = self.renew(lease).await?;
                }
                // Back after an outage, perhaps without what was written: others wait to see that this node lives.
                Some(now) = came_back(&mut contact, outages) => {
                    outages = now;
                    (sent, lease) = self.renew(lease).await?;
                    written.clear();
                }
                _ = versions.changed() => {}
            }
        }
    }

    /// Renews until the lease must be taken for lost: a registry that is away for a moment costs nothing.
    async fn renew(&self, lease: Lease) -> Result<(Instant, Lease), RegistryError> {
        // The registry may go on counting after an outage, so renewing is tried beyond the local deadline too: either it
        // works, or the registry says that the lease is gone.
        loop {
            let sent = Instant::now();
            match timeout_at(sent + Duration::from_secs(2), self.session.keep_alive(lease.id)).await {
                Ok(Ok(renewed)) => return Ok((sent, renewed)),
                Ok(Err(RegistryError::LeaseNotFound(id))) => return Err(RegistryError::LeaseNotFound(id)),
                Ok(Err(error)) => tracing::debug!(target: "ember::cluster", %error, "the lease could not be renewed"),
                Err(_) => {}
            }
            sleep(Duration::from_millis(100) + self.rng.jitter(Duration::from_millis(200))).await;
        }
    }

    /// Brings the registry from `written` to what is wanted: all at once, as far as one transaction reaches, so that nobody
    /// sees a node without its services.
    async fn write(&self, lease: &Lease, written: &mut BTreeMap<String, Bytes>) -> Result<(), RegistryError> {
        let wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let changed = wanted.iter().filter(|(key, value)| written.get(*key) != Some(value));
        let puts = changed.map(|(key, value)| Operation::Put {
            key: key.clone(),
            value: value.clone(),
            lease: Some(lease.id),
        });
        let gone = written.keys().filter(|key| !wanted.contains_key(*key));
        let operations: Vec<_> = puts.chain(gone.map(|key| Operation::Delete { key: key.clone() })).collect();
        for some in operations.chunks(AT_ONCE) {
            self.session.commit(Transaction { then: some.to_vec(), ..Transaction::default() }).await?;
        }
        *written = wanted;
        Ok(())
    }

    /// Takes the node out of the registry at once, and for good.
    pub(crate) async fn leave(&self) {
        // First: a service that ends now, or a renewal, must not write the node anew.
        self.left.send_replace(true);
        let lease = self.lease.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(lease) = lease
            && let Err(error) = self.session.revoke(lease.id).await
        {
            tracing::debug!(target: "ember::cluster", %error, "the lease could not be revoked; it will expire");
        }
    }
}

/// Waits for the end of an outage after the first `known` ones; how many there were by then.
async fn came_back(contact: &mut watch::Receiver<Contact>, known: u64) -> Option<u64> {
    let back = contact.wait_for(|contact| contact.is_good() && contact.outages != known).await;
    back.ok().map(|contact| contact.outages)
}
