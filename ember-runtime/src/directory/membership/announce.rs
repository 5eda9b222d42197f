//! Keeps this node written in the registry: one lease, one key for the node and one per registered service. What has changed is
//! written, in the order in which it did, by one task that reads each entry when it writes it: an older one cannot win.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, Weak,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use tokio::{
    sync::{Notify, watch},
    time::{Instant, sleep},
};

use super::{
    book::{Book, Mine},
    contact::Contact,
    stand_in::Stalls,
    upkeep::{Never, Upkeep},
};
use crate::{
    directory::records::keys,
    id::{NodeKey, Pid},
    office::Tenure,
    registry::{KeyValue, Lease, RegistryError, Session},
    rng::Rng,
    sync::lock,
};

/// The least pause after a lease that was lost.
const MIN_PAUSE: Duration = Duration::from_millis(50);

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
    pub(crate) session: Arc<dyn Session>,
    pub(crate) config: AnnounceConfig,
    pub(crate) source: Weak<dyn Announced>,
    book: Mutex<Book>,
    /// The book has something to write.
    pub(crate) changed: Notify,
    /// So many will say that later.
    held: AtomicUsize,
    /// Up to which place of the book everything is written.
    pub(crate) written: watch::Sender<u64>,
    lease: Mutex<Option<Lease>>,
    /// The node has left: nothing is written any more.
    left: watch::Sender<bool>,
    contact: watch::Receiver<Contact>,
    /// It was written, and is not any more.
    lost: Mutex<Option<Lost>>,
}

/// Since when a node has not been written in the registry, and why.
struct Lost {
    since: Instant,
    why: String,
}

/// Whose entries, and how they are kept.
pub(crate) struct AnnounceConfig {
    pub(crate) cluster: String,
    pub(crate) here: NodeKey,
    pub(crate) ttl: Duration,
    pub(crate) rng: Rng,
    pub(crate) stalls: Stalls,
    /// How long its lease lasts, for those who hold offices by it.
    pub(crate) tenure: Arc<Tenure>,
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
            held: AtomicUsize::new(0),
            written: watch::Sender::new(0),
            lease: Mutex::default(),
            left: watch::Sender::new(false),
            contact,
            lost: Mutex::default(),
        })
    }

    pub(crate) fn book(&self) -> MutexGuard<'_, Book> {
        lock(&self.book)
    }

    /// These have changed: they are written anew, as they are then.
    pub(crate) fn touch(&self, mine: impl IntoIterator<Item = Mine>) {
        let mut book = self.book();
        for mine in mine {
            book.touch(mine);
        }
        drop(book);
        // Read after it is in the book: whoever lets go later says it then.
        if self.held.load(Ordering::SeqCst) == 0 {
            self.changed.notify_one();
        }
    }

    /// Until the result is dropped nobody is woken to write: what changes meanwhile goes into few transactions. Nothing is to
    /// be waited for meanwhile.
    pub(crate) fn hold(&self) -> Held<'_> {
        self.held.fetch_add(1, Ordering::SeqCst);
        Held(self)
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

    pub(crate) fn name(&self, mine: Mine) -> String {
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
            self.config.tenure.end();
            if *self.left.borrow() {
                return;
            }
            tracing::warn!(target: "ember::cluster", %error, "this node is not written in the registry: trying again");
            self.lose(error.to_string());
            self.prune();
            wait = if started.elapsed() > self.config.ttl { MIN_PAUSE } else { (wait * 2).min(self.config.ttl / 5) };
            sleep(wait / 2 + self.config.rng.jitter(wait / 2)).await;
        }
    }

    /// Takes a lease, writes everything under it, and keeps both up. Returns when the lease is lost.
    async fn hold_lease(&self) -> Result<Never, RegistryError> {
        let (sent, begun) = (Instant::now(), self.config.tenure.sends());
        let lease = self.session.grant(self.config.ttl).await?;
        if !self.keep(lease) {
            // Granted while the node was leaving: nothing may be written under it.
            // Nobody waits for that: what runs here ends at once.
            let session = Arc::clone(&self.session);
            tokio::spawn(async move { session.revoke(lease.id).await });
            return std::future::pending().await;
        }
        self.start_anew();
        self.config.tenure.begin(lease.id, begun, lease.ttl);
        let AnnounceConfig { tenure, rng, stalls, .. } = &self.config;
        let upkeep = Upkeep { session: &self.session, tenure, rng, stalls, contact: self.contact.clone() };
        // Side by side: no number of changes may keep a renewal away.
        tokio::select! {
            biased;
            error = upkeep.keep(sent, lease, lease.ttl / 3) => error,
            error = self.write_changes(lease.id) => error,
        }
    }

    /// Takes this lease for that of the node, unless the node has left.
    fn keep(&self, lease: Lease) -> bool {
        let mut place = lock(&self.lease);
        let stays = !*self.left.borrow();
        if stays {
            *place = Some(lease);
        }
        stays
    }

    /// What was written under another lease goes with that.
    fn start_anew(&self) {
        let all = self.source.upgrade().map(|source| source.all()).unwrap_or_default();
        let mut book = self.book();
        book.lease_ended();
        // In their order, the node first.
        all.into_iter().for_each(|mine| book.touch(mine));
    }

    pub(crate) fn key(&self, mine: Mine) -> String {
        let AnnounceConfig { cluster, here, .. } = &self.config;
        match mine {
            Mine::Node => keys::node(cluster, *here),
            Mine::Service(number) => keys::service(cluster, Pid { node: *here, number }),
        }
    }

    /// The registry tells of an entry of this node: if it is not as it shall be, it is written anew.
    pub(crate) fn saw(&self, mine: Mine, entry: Option<&KeyValue>, revision: i64) {
        if self.book().is_news(mine, revision) {
            self.check(mine, entry, revision);
        }
    }

    /// The same, for a list of all of them.
    pub(crate) fn listed(&self, entries: &BTreeMap<Mine, KeyValue>) {
        for (mine, entry) in entries {
            self.book().lists(*mine);
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
        if mine == Mine::Node && entry.is_none() {
            self.lose("its entry had gone from the registry".into());
        }
        tracing::debug!(target: "ember::cluster", ?mine, revision, "the registry has something else of this node: writing it anew");
        self.book().maybe_written(mine);
        self.touch([mine]);
    }

    /// The node is not written in the registry any more, or not yet.
    fn lose(&self, why: String) {
        // Nothing is lost before it was there.
        if *self.written.borrow() > 0 {
            lock(&self.lost).get_or_insert_with(|| Lost { since: Instant::now(), why });
        }
    }

    /// Everything is written.
    pub(crate) fn found(&self) {
        let Some(Lost { since, why }) = lock(&self.lost).take() else { return };
        let (what, gone) = (self.name(Mine::Node), since.elapsed());
        tracing::info!(target: "ember::cluster", what, ?gone, why, "this node is written in the registry again");
    }

    /// Takes the node out of the registry at once, and for good.
    pub(crate) async fn leave(&self) {
        // First: a service that ends now, or a renewal, must not write the node anew.
        self.left.send_replace(true);
        self.config.tenure.end();
        let lease = lock(&self.lease).take();
        if let Some(lease) = lease
            && let Err(error) = self.session.revoke(lease.id).await
        {
            tracing::debug!(target: "ember::cluster", %error, "the lease could not be revoked; it will expire");
        }
    }
}

/// See [`Announcer::hold`].
pub(crate) struct Held<'a>(&'a Announcer);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.held.fetch_sub(1, Ordering::SeqCst);
        self.0.changed.notify_one();
    }
}
