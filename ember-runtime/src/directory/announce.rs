//! Keeps this node written in the registry: one lease, one key for the node and one per registered service. What has changed is
//! written, in the order in which it did, by one task that reads each entry when it writes it: an older one cannot win.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use bytes::Bytes;
use tokio::{
    sync::{Notify, watch},
    time::{Instant, sleep, sleep_until, timeout_at},
};

use super::{
    Contact,
    book::{Book, Mine},
    keys,
    stand_in::{Renewed, Stalls, StandIn},
};
use crate::{
    id::{NodeKey, Pid},
    registry::{KeyValue, Lease, LeaseId, Operation, RegistryError, Session, Transaction},
    rng::Rng,
};

/// How many writes go into one transaction; etcd takes 128.
const AT_ONCE: usize = 100;
/// How many bytes; etcd takes 1.5 MiB.
const BYTES_AT_ONCE: usize = 1 << 20;
/// Pauses after a write that failed.
const MIN_PAUSE: Duration = Duration::from_millis(50);
const MAX_PAUSE: Duration = Duration::from_secs(1);
/// What the registry does not take is tried again after a second, and then ever more rarely.
const RETRY: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(60)];

/// What a node has to say of itself.
pub(crate) trait Announced: Send + Sync {
    /// What shall be in the registry now; nothing if it shall not be there.
    fn entry(&self, mine: Mine) -> Option<Bytes>;

    /// All that shall be there now, and perhaps more.
    fn all(&self) -> Vec<Mine>;

    /// What to call it where people read.
    fn name(&self, mine: Mine) -> String;
}

/// What shall be in the registry, and whether it is.
pub(crate) struct Announcer {
    session: Arc<dyn Session>,
    config: AnnounceConfig,
    source: Weak<dyn Announced>,
    book: Mutex<Book>,
    /// The book has something to write.
    changed: Notify,
    /// Up to which place of the book everything is written.
    written: watch::Sender<u64>,
    lease: Mutex<Option<Lease>>,
    /// The node has left: nothing is written any more.
    left: watch::Sender<bool>,
    contact: watch::Receiver<Contact>,
}

/// Whose entries, and how they are kept.
pub(crate) struct AnnounceConfig {
    pub(crate) cluster: String,
    pub(crate) here: NodeKey,
    pub(crate) ttl: Duration,
    pub(crate) rng: Rng,
    pub(crate) stalls: Stalls,
}

/// Writes that go together.
struct Batch {
    operations: Vec<Operation>,
    /// Which of them are deletions.
    gone: Vec<Mine>,
}

impl Announcer {
    pub(crate) fn new(
        session: Arc<dyn Session>,
        config: AnnounceConfig,
        source: Weak<dyn Announced>,
        contact: watch::Receiver<Contact>,
    ) -> Arc<Self> {
        Arc::new(Self {
            session,
            config,
            source,
            book: Mutex::default(),
            changed: Notify::new(),
            written: watch::Sender::new(0),
            lease: Mutex::default(),
            left: watch::Sender::new(false),
            contact,
        })
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// These have changed: they are written anew, as they are then.
    pub(crate) fn touch(&self, mine: impl IntoIterator<Item = Mine>) {
        let mut book = self.book();
        for mine in mine {
            book.touch(mine);
        }
        drop(book);
        self.changed.notify_one();
    }

    /// Waits until everything that has changed so far is written.
    pub(crate) async fn settled(&self) {
        let place = self.book().last();
        let _ = self.written.subscribe().wait_for(|written| *written >= place).await;
    }

    /// Up to which place everything is written: grows as it goes on.
    pub(crate) fn written(&self) -> watch::Receiver<u64> {
        self.written.subscribe()
    }

    /// What the registry does not take, if there is such a thing: nobody waits for that.
    pub(crate) fn refused(&self) -> Option<RegistryError> {
        let (mine, why) = self.book().refused().map(|(mine, why)| (mine, why.to_owned()))?;
        Some(RegistryError::Rejected(format!("{}: {why}", self.name(mine))))
    }

    fn name(&self, mine: Mine) -> String {
        self.source.upgrade().map(|source| source.name(mine)).unwrap_or_default()
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
        let mut wait = MIN_PAUSE;
        loop {
            let started = Instant::now();
            let Err(error) = self.hold_lease().await;
            if *self.left.borrow() {
                return;
            }
            tracing::warn!(target: "ember::cluster", %error, "this node is not written in the registry: trying again");
            self.prune();
            wait = if started.elapsed() > self.config.ttl { MIN_PAUSE } else { (wait * 2).min(self.config.ttl / 5) };
            sleep(wait / 2 + self.config.rng.jitter(wait / 2)).await;
        }
    }

    /// Takes a lease, writes everything under it, and keeps both up. Returns when the lease is lost.
    async fn hold_lease(&self) -> Result<Never, RegistryError> {
        let (sent, lease) = (Instant::now(), self.session.grant(self.config.ttl).await?);
        *self.lease.lock().unwrap_or_else(PoisonError::into_inner) = Some(lease);
        self.start_anew();
        let renewed = Renewed::new(sent);
        let _stand_in = StandIn::begin(&*self.session, &self.config.stalls, lease, renewed.clone());
        // Side by side: no number of changes may keep a renewal away.
        tokio::select! {
            biased;
            error = self.keep_lease(&renewed, lease) => error,
            error = self.write_changes(lease.id) => error,
        }
    }

    /// What was written under another lease goes with that.
    fn start_anew(&self) {
        let all = self.source.upgrade().map(|source| source.all()).unwrap_or_default();
        let mut book = self.book();
        book.failed();
        // In their order, the node first.
        all.into_iter().for_each(|mine| book.touch(mine));
    }

    async fn keep_lease(&self, renewed: &Renewed, mut lease: Lease) -> Result<Never, RegistryError> {
        let mut contact = self.contact.clone();
        let mut outages = contact.borrow_and_update().outages;
        loop {
            let renew_at = renewed.at() + lease.ttl / 3;
            tokio::select! {
                biased;
                () = sleep_until(renew_at) => {}
                // Others wait to see that this node lives. What the registry has lost, its next list tells.
                Some(now) = came_back(&mut contact, outages) => outages = now,
            }
            let sent;
            (sent, lease) = self.renew(lease).await?;
            renewed.set(sent);
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
            sleep(Duration::from_millis(100) + self.config.rng.jitter(Duration::from_millis(200))).await;
        }
    }

    /// Writes what has changed, as often as it does. Returns when the lease is lost.
    async fn write_changes(&self, lease: LeaseId) -> Result<Never, RegistryError> {
        let (mut pause, mut most, mut is_said) = (MIN_PAUSE, AT_ONCE, false);
        let [mut retry, rarely] = RETRY;
        let mut retry_at = Instant::now() + retry;
        loop {
            let Batch { operations, gone } = self.next_batch(lease, most);
            let count = operations.len();
            if count == 0 {
                let (settled, has_refused) = {
                    let book = self.book();
                    (book.settled(), book.refused().is_some())
                };
                // Those who wait look into the book.
                self.written.send_replace(settled);
                tokio::select! {
                    biased;
                    () = sleep_until(retry_at), if has_refused => {
                        self.book().retry();
                        retry = (retry * 2).min(rarely);
                        retry_at = Instant::now() + retry;
                    }
                    () = self.changed.notified() => {}
                }
                continue;
            }
            let mut is_refused = false;
            let outcome = self.session.commit(Transaction { then: operations, ..Transaction::default() }).await;
            match outcome {
                Ok(outcome) => {
                    let settled = {
                        let mut book = self.book();
                        book.done(outcome.revision, |mine| gone.contains(&mine));
                        book.settled()
                    };
                    self.written.send_replace(settled);
                    (pause, most, is_said) = (MIN_PAUSE, AT_ONCE, false);
                    continue;
                }
                Err(RegistryError::LeaseNotFound(id)) => return Err(RegistryError::LeaseNotFound(id)),
                // One of them is not wanted there: the others need not wait for it.
                Err(RegistryError::Rejected(_)) if count > 1 => {
                    self.book().failed();
                    most = count / 2;
                    continue;
                }
                Err(RegistryError::Rejected(why)) => {
                    let news = self.book().refuse(&why);
                    // A registry that takes nothing at all is asked once for each, one at a time, and then ever more rarely. What
                    // changes meanwhile does not wait for that.
                    (most, is_refused) = (1, true);
                    let is_first = !news.is_empty();
                    for mine in news {
                        let what = self.name(mine);
                        tracing::error!(
                            target: "ember::cluster", what, why,
                            "the registry does not take this entry: others do not see it. It is tried again now and then"
                        );
                        retry = RETRY[0];
                        retry_at = Instant::now() + retry;
                    }
                    if is_first {
                        continue;
                    }
                }
                // It may have been written. What is written again is the same, or newer.
                Err(error) => {
                    if !std::mem::replace(&mut is_said, true) {
                        tracing::warn!(target: "ember::cluster", %error, count, "not written in the registry: trying again");
                    }
                    self.book().failed();
                }
            }
            self.prune();
            tokio::select! {
                biased;
                () = self.changed.notified(), if is_refused => {}
                () = sleep(pause / 2 + self.config.rng.jitter(pause / 2)) => pause = (pause * 2).min(MAX_PAUSE),
            }
        }
    }

    /// What is to be written next: so much as one transaction takes, so that peers see a small node and its services at once.
    fn next_batch(&self, lease: LeaseId, most: usize) -> Batch {
        let mut batch = Batch { operations: Vec::new(), gone: Vec::new() };
        let Some(source) = self.source.upgrade() else { return batch };
        let mut bytes = 0;
        while batch.operations.len() < most {
            let Some(mine) = self.book().take() else { break };
            // Read after it was taken: a change from now on finds it a new place.
            let operation = match source.entry(mine) {
                Some(value) => Operation::Put { key: self.key(mine), value, lease: Some(lease) },
                None if self.book().may_be_written(mine) => {
                    batch.gone.push(mine);
                    Operation::Delete { key: self.key(mine) }
                }
                None => {
                    self.book().drop_taken(mine);
                    continue;
                }
            };
            bytes += operation.size();
            if bytes > BYTES_AT_ONCE && !batch.operations.is_empty() {
                self.book().untake(mine);
                break;
            }
            self.book().maybe_written(mine);
            batch.operations.push(operation);
        }
        batch
    }

    fn key(&self, mine: Mine) -> String {
        let AnnounceConfig { cluster, here, .. } = &self.config;
        match mine {
            Mine::Node => keys::node(cluster, *here),
            Mine::Service(number) => keys::service(cluster, Pid { node: *here, number }),
        }
    }

    /// While the registry is away, services come and go. The source is never asked with the book locked: whoever changes
    /// a state comes here with that locked.
    fn prune(&self) {
        let Some(source) = self.source.upgrade() else { return };
        let unwritten = self.book().unwritten();
        for mine in unwritten.into_iter().filter(|mine| source.entry(*mine).is_none()) {
            self.book().forget(mine);
        }
    }

    /// The registry tells of an entry of this node: if it is not as it shall be, it is written anew.
    pub(super) fn saw(&self, mine: Mine, entry: Option<&KeyValue>, revision: i64) {
        if self.book().is_news(mine, revision) {
            self.check(mine, entry, revision);
        }
    }

    /// The same, for a list of all of them.
    pub(super) fn listed(&self, entries: &BTreeMap<Mine, KeyValue>) {
        for (mine, entry) in entries {
            if self.book().is_foreign(*mine, entry.modified) {
                self.check(*mine, Some(entry), entry.modified);
            }
        }
        let missing = self.book().missing(|mine| entries.contains_key(&mine));
        for mine in missing {
            self.check(mine, None, 0);
        }
    }

    fn check(&self, mine: Mine, entry: Option<&KeyValue>, revision: i64) {
        let Some(source) = self.source.upgrade() else { return };
        if source.entry(mine).as_ref() == entry.map(|entry| &entry.value) {
            if entry.is_some() {
                self.book().confirm(mine, revision);
            }
            return;
        }
        tracing::debug!(target: "ember::cluster", ?mine, revision, "the registry has something else of this node: writing it anew");
        self.book().maybe_written(mine);
        self.touch([mine]);
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

/// What goes on until it fails.
enum Never {}

/// Waits for the end of an outage after the first `known` ones; how many there were by then.
async fn came_back(contact: &mut watch::Receiver<Contact>, known: u64) -> Option<u64> {
    let back = contact.wait_for(|contact| contact.is_good() && contact.outages != known).await;
    back.ok().map(|contact| contact.outages)
}
