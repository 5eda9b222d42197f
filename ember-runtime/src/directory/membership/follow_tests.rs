//! When the registry counts as one that was away.

use std::sync::{
    Mutex, Weak,
    atomic::{AtomicU64, Ordering},
};

use bytes::Bytes;
use futures_util::{FutureExt, future::BoxFuture, stream};
use tokio::sync::mpsc;

use super::*;
use crate::{
    directory::{
        membership::{AnnounceConfig, Announced, Stalls},
        records::NodeRecord,
    },
    id::{Incarnation, NodeId},
    office::{BootClock, Tenure},
    registry::{KeyValue, Lease, LeaseId, Transaction, TransactionOutcome, Watch},
    sync::lock,
};

const HERE: NodeKey = NodeKey { id: NodeId(1), incarnation: Incarnation(1) };

type Result<T> = std::result::Result<T, RegistryError>;

/// A registry with the node's own entry, whose watches end when the test says so.
#[derive(Debug, Default)]
struct Scripted {
    revision: AtomicU64,
    connections: AtomicU64,
    /// The next watch needs so many connections more.
    breaks: AtomicU64,
    watches: watch::Sender<u64>,
    running: Mutex<Option<mpsc::Sender<Result<WatchItem>>>>,
}

impl Scripted {
    /// The watch that runs has its last item.
    fn ends(&self, item: Result<WatchItem>) {
        let running = lock(&self.running).take().expect("a watch runs");
        running.try_send(item).expect("it has room");
    }

    /// Waits until so many watches have begun.
    async fn watched(&self, times: u64) {
        self.watches.subscribe().wait_for(|begun| *begun >= times).await.unwrap();
    }
}

impl Session for Scripted {
    fn grant(&self, _: Duration) -> BoxFuture<'_, Result<Lease>> {
        unreachable!("nothing is announced here")
    }

    fn keep_alive(&self, _: LeaseId) -> BoxFuture<'_, Result<Lease>> {
        unreachable!("nothing is announced here")
    }

    fn revoke(&self, _: LeaseId) -> BoxFuture<'_, Result<()>> {
        unreachable!("nothing is announced here")
    }

    fn commit(&self, _: Transaction) -> BoxFuture<'_, Result<TransactionOutcome>> {
        unreachable!("nothing is announced here")
    }

    fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }

    fn list(&self, _: String) -> BoxFuture<'_, Result<Snapshot>> {
        let revision = self.revision.load(Ordering::Relaxed) as i64;
        let entry = KeyValue { key: keys::node("c", HERE), value: Bytes::new(), created: 1, modified: 1, lease: None };
        std::future::ready(Ok(Snapshot { revision, entries: vec![entry] })).boxed()
    }

    fn watch(&self, _: String, _: i64) -> BoxFuture<'_, Result<Watch>> {
        self.connections.fetch_add(self.breaks.swap(0, Ordering::Relaxed), Ordering::Relaxed);
        let (tell, told) = mpsc::channel(1);
        *lock(&self.running) = Some(tell);
        self.watches.send_modify(|begun| *begun += 1);
        let watch = stream::unfold(told, |mut told| async { told.recv().await.map(|item| (item, told)) });
        std::future::ready(Ok(watch.boxed())).boxed()
    }
}

struct Nobody;

impl Announced for Nobody {
    fn entry(&self, _: Mine) -> Option<Bytes> {
        None
    }

    fn all(&self) -> Vec<Mine> {
        Vec::new()
    }

    fn name(&self, _: Mine) -> String {
        String::new()
    }
}

fn follower(session: Arc<Scripted>) -> (Follower, watch::Receiver<Contact>) {
    let record = NodeRecord::new(HERE, "here".into(), "127.0.0.1:0".parse().unwrap(), 0);
    let (contact, rng) = (Contact::none(), Rng::from_seed(1));
    let announcer = Announcer::new(
        Arc::clone(&session) as _,
        AnnounceConfig {
            cluster: "c".into(),
            here: HERE,
            ttl: Duration::from_secs(5),
            rng: rng.clone(),
            stalls: Stalls { late: Arc::new(|_| Duration::ZERO), limit: Duration::from_secs(30) },
            tenure: Arc::new(Tenure::new(BootClock::new(false))),
        },
        Weak::<Nobody>::new() as _,
        contact.subscribe(),
    );
    let second = Duration::from_secs(1);
    let config = FollowConfig { cluster: "c".into(), reconcile: second * 60, retry: second / 10, confirm: second, rng };
    let seen = contact.subscribe();
    let directory = Arc::new(Directory::new(record));
    let (link_is_up, gone) = (Arc::new(|_| false) as _, Arc::new(|_| ()) as _);
    (Follower { config, session, directory, announcer, link_is_up, gone, contact }, seen)
}

/// Waits until it is there again, after so many outages.
async fn is_back(contact: &mut watch::Receiver<Contact>, outages: u64) {
    let back = contact.wait_for(|contact| contact.is_good() && contact.outages == outages);
    tokio::time::timeout(Duration::from_secs(30), back).await.expect("it counts as one that was away").unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_registry_that_answers_on_another_connection_was_away_though_its_revision_went_on() {
    let session = Arc::new(Scripted::default());
    session.revision.store(20, Ordering::Relaxed);
    let (follower, mut contact) = follower(Arc::clone(&session));
    let _following = tokio::spawn(follower.run());
    contact.wait_for(Contact::is_good).await.unwrap();
    let compacted = || Ok(WatchItem::Compacted { revision: 1 });

    // To be listed again is nothing strange,
    session.watched(1).await;
    session.ends(compacted());
    session.watched(2).await;
    assert!(contact.borrow().is_good() && contact.borrow().outages == 0);

    // but another connection may lead to what was restored, and has written as much again.
    session.connections.fetch_add(1, Ordering::Relaxed);
    session.revision.store(22, Ordering::Relaxed);
    session.ends(compacted());
    is_back(&mut contact, 1).await;

    // So may one that goes back on the same.
    session.watched(3).await;
    session.revision.store(21, Ordering::Relaxed);
    session.ends(compacted());
    is_back(&mut contact, 2).await;
}

#[tokio::test(start_paused = true)]
async fn a_watch_on_another_connection_than_the_list_before_it_is_none() {
    let session = Arc::new(Scripted::default());
    session.revision.store(20, Ordering::Relaxed);
    session.breaks.store(1, Ordering::Relaxed);
    let (follower, mut contact) = follower(Arc::clone(&session));
    let _following = tokio::spawn(follower.run());
    is_back(&mut contact, 0).await;
    assert_eq!(*session.watches.borrow(), 2, "it was listed again before the view counted");
}
