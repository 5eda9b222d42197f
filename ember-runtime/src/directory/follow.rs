//! Keeps the directory equal to the registry: list at revision R, watch from R + 1; list again whenever that is in doubt.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use futures_util::StreamExt;
use tokio::{
    sync::watch,
    time::{Instant, sleep, timeout_at},
};

use super::{Contact, Directory, NodeRecord, ServiceRecord, keys, known::Update};
use crate::{
    id::{NodeKey, Pid},
    registry::{Event, RegistryError, Session, Snapshot, WatchItem},
    rng::Rng,
};

/// How the registry is followed.
#[derive(Debug, Clone)]
pub(crate) struct FollowConfig {
    pub(crate) cluster: String,
    /// List again this often in any case.
    pub(crate) reconcile: Duration,
    /// Pause between attempts while the registry is away: this much at most, with jitter.
    pub(crate) retry: Duration,
    /// If more than 30 % of the peers vanish at once, and when the registry was away, wait this long, and look again before
    /// believing that somebody is gone.
    pub(crate) confirm: Duration,
    pub(crate) rng: Rng,
}

/// Follows the registry for one node.
pub(crate) struct Follower {
    pub(crate) config: FollowConfig,
    pub(crate) session: Arc<dyn Session>,
    pub(crate) directory: Arc<Directory>,
    /// Whether a peer's own link is healthy: such a peer is kept, whatever the registry says.
    pub(crate) link_is_up: Arc<dyn Fn(NodeKey) -> bool + Send + Sync>,
    /// Told of the nodes that are gone for good.
    pub(crate) gone: Arc<dyn Fn(NodeKey) + Send + Sync>,
    pub(crate) contact: watch::Sender<Contact>,
}

impl Follower {
    /// Follows until dropped.
    pub(crate) async fn run(self) {
        let mut doubt = Doubt::default();
        loop {
            let error = match self.follow(&mut doubt).await {
                Ok(()) => continue,
                Err(error) => error,
            };
            doubt.away = true;
            if self.contact.borrow().is_good() {
                tracing::warn!(target: "ember::cluster", %error, "the registry is away; the last view is kept");
            }
            self.contact.send_modify(|contact| {
                contact.outages += u64::from(contact.is_good());
                contact.trouble = Some(error);
            });
            sleep(self.config.retry / 4 + self.config.rng.jitter(self.config.retry)).await;
        }
    }

    /// Lists and watches until a reason comes up to list again.
    async fn follow(&self, doubt: &mut Doubt) -> Result<(), RegistryError> {
        let revision = self.list(doubt).await?;
        let prefix = keys::cluster(&self.config.cluster);
        let mut watch = self.session.watch(prefix, revision + 1).await?;
        if !self.contact.borrow().is_good() {
            tracing::info!(target: "ember::cluster", revision, "the view is that of the registry");
            self.contact.send_modify(|contact| contact.trouble = None);
        }
        let until = doubt.until.unwrap_or_else(|| Instant::now() + self.config.reconcile);
        let mut last = revision;
        while let Ok(item) = timeout_at(until, watch.next()).await {
            match item {
                Some(Ok(WatchItem::Events { revision, events })) => {
                    if revision < last {
                        tracing::warn!(target: "ember::cluster", revision, last, "the registry went back: listing again");
                        doubt.away = true;
                        return Ok(());
                    }
                    last = revision;
                    let mut update = update_of(&self.config.cluster, events);
                    self.note_loss(update.gone_nodes.contains(&self.directory.here()));
                    if doubt.until.is_some() {
                        self.hold_back(&mut update);
                    }
                    if self.is_mass_loss(&update.gone_nodes) {
                        return Ok(());
                    }
                    self.apply(update);
                }
                Some(Ok(WatchItem::Compacted { .. })) => return Ok(()),
                Some(Err(error)) => return Err(error),
                None => return Err(RegistryError::Unavailable("the watch ended".into())),
            }
        }
        Ok(())
    }

    /// Brings the directory to what the registry has now; the revision of that.
    async fn list(&self, doubt: &mut Doubt) -> Result<i64, RegistryError> {
        let (mut revision, mut update) = self.difference().await?;
        if std::mem::take(&mut doubt.away) && self.contact.borrow().outages > 0 {
            doubt.until = Some(Instant::now() + self.config.confirm);
        }
        if doubt.until.is_some_and(|until| Instant::now() < until) {
            self.hold_back(&mut update);
            self.apply(update);
            return Ok(revision);
        }
        let waited = doubt.until.take().is_some();
        if !waited && self.is_mass_loss(&update.gone_nodes) {
            tracing::warn!(
                target: "ember::cluster", gone = update.gone_nodes.len(),
                "most of the cluster vanished from the registry at once: looking again before believing it"
            );
            sleep(self.config.confirm).await;
            (revision, update) = self.difference().await?;
        }
        self.apply(update);
        Ok(revision)
    }

    async fn difference(&self) -> Result<(i64, Update), RegistryError> {
        let Snapshot { revision, entries } = self.session.list(keys::cluster(&self.config.cluster)).await?;
        let mut update = update_of(&self.config.cluster, entries.into_iter().map(Event::Put));
        let nodes: BTreeSet<NodeKey> = update.nodes.iter().map(|node| node.key).collect();
        let services: BTreeSet<Pid> = update.services.iter().map(|service| service.pid).collect();
        self.note_loss(!nodes.contains(&self.directory.here()));
        update.gone_nodes = self.directory.registered().difference(&nodes).copied().collect();
        let view = self.directory.view();
        let known = view.instances().iter().filter(|it| !it.is_local()).map(|it| it.pid);
        update.gone_services = known.filter(|pid| !services.contains(pid)).collect();
        Ok((revision, update))
    }

    /// If this node's own entry is gone, by hand or with its lease, it has to be written anew.
    fn note_loss(&self, lost: bool) {
        if lost && self.contact.borrow().is_good() {
            self.contact.send_modify(|contact| contact.outages += 1);
        }
    }

    fn apply(&self, update: Update) {
        for node in self.directory.apply(update, &*self.link_is_up) {
            (self.gone)(node);
        }
    }

    /// Drops what `update` says of those that are gone, unless their links say so too: after an outage they may be about to
    /// register again. The next list tells.
    fn hold_back(&self, update: &mut Update) {
        let suspects = self.directory.suspects();
        update.gone_nodes.retain(|node| (self.link_is_up)(*node) || suspects.contains_key(node));
        update.gone_services.retain(|service| update.gone_nodes.contains(&service.node));
    }

    /// More than 30 % of at least four peers, not counting those whose links say that they live.
    fn is_mass_loss(&self, gone: &[NodeKey]) -> bool {
        let known = self.directory.registered();
        let lost = gone.iter().filter(|key| known.contains(key) && !(self.link_is_up)(**key)).count();
        known.len() >= 4 && lost * 10 > known.len() * 3
    }
}

/// Whether what is missing in the registry can be believed to be gone.
#[derive(Default)]
struct Doubt {
    /// The registry was away, or lost data, since the last list.
    away: bool,
    /// It came back not long ago: not before then.
    until: Option<Instant>,
}

/// Sorts events into what they say of nodes and services. What cannot be read is reported and left out.
fn update_of(cluster: &str, events: impl IntoIterator<Item = Event>) -> Update {
    let mut update = Update::default();
    let prefix = keys::cluster(cluster);
    for event in events {
        let key = match &event {
            Event::Put(entry) => &entry.key,
            Event::Delete { key, .. } => key,
        };
        let place = key.strip_prefix(&prefix).unwrap_or_default();
        let read = match (place.split_once('/'), &event) {
            (Some(("nodes", _)), Event::Put(entry)) => {
                serde_json::from_slice::<NodeRecord>(&entry.value).map(|node| update.nodes.push(node)).is_ok()
            }
            (Some(("services", _)), Event::Put(entry)) => {
                serde_json::from_slice::<ServiceRecord>(&entry.value).map(|it| update.services.push(it)).is_ok()
            }
            (Some(("nodes", name)), Event::Delete { .. }) => {
                node_key(name).map(|node| update.gone_nodes.push(node)).is_some()
            }
            (Some(("services", name)), Event::Delete { .. }) => {
                pid(name).map(|it| update.gone_services.push(it)).is_some()
            }
            _ => true,
        };
        if !read {
            tracing::warn!(target: "ember::cluster", %key, "this entry of the registry could not be read: left out");
        }
    }
    update
}

/// `id.incarnation`, both hexadecimal.
fn node_key(text: &str) -> Option<NodeKey> {
    let (id, incarnation) = text.split_once('.')?;
    let number = |text| u64::from_str_radix(text, 16).ok();
    Some(NodeKey { id: crate::id::NodeId(number(id)?), incarnation: crate::id::Incarnation(number(incarnation)?) })
}

/// `id.incarnation/number`.
fn pid(text: &str) -> Option<Pid> {
    let (node, number) = text.split_once('/')?;
    Some(Pid { node: node_key(node)?, number: number.parse().ok()? })
}
