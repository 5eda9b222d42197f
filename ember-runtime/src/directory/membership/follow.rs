//! Keeps the directory equal to the registry: list at revision R, watch from R + 1; list again whenever that is in doubt.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use futures_util::StreamExt;
use tokio::{
    sync::watch,
    time::{Instant, sleep, timeout_at},
};

use super::{announce::Announcer, book::Mine, contact::Contact};
use crate::{
    directory::{
        records::{ClusterChange, Subject, keys, office_change},
        views::{Applied, Directory},
    },
    id::{NodeKey, Pid},
    planted::{Bug, planted},
    registry::{Event, RegistryError, Session, SharedEvent, Snapshot, WatchItem},
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
    /// Told of what the registry has of this very node.
    pub(crate) announcer: Arc<Announcer>,
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
        let mut watch = self.session.watch(self.prefix(), revision + 1).await?;
        self.goes_on(doubt, true)?;
        if !self.contact.borrow().is_good() {
            tracing::info!(target: "ember::cluster", revision, "the view is that of the registry");
            self.contact.send_modify(|contact| contact.trouble = None);
        }
        let mut until = doubt.until.unwrap_or_else(|| Instant::now() + self.config.reconcile);
        let mut last = revision;
        while let Ok(item) = timeout_at(until, watch.next()).await {
            match item {
                Some(Ok(WatchItem::Events { revision, events })) => {
                    if revision < last {
                        return Err(went_back(revision, last));
                    }
                    last = revision;
                    doubt.last = last;
                    let mut changes = self.read(&events);
                    if doubt.until.is_some() {
                        self.hold_back(&mut changes);
                    }
                    if self.is_mass_loss(&changes) {
                        self.apply_offices(changes);
                        return Ok(());
                    }
                    if self.apply(changes) {
                        until = until.min(Instant::now() + self.config.confirm);
                    }
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
        let (mut revision, mut changes) = self.difference().await?;
        let last = std::mem::replace(&mut doubt.last, revision);
        if revision < last && self.contact.borrow().is_good() {
            return Err(went_back(revision, last));
        }
        let is_good = self.contact.borrow().is_good();
        self.goes_on(doubt, is_good)?;
        if std::mem::take(&mut doubt.away) && self.contact.borrow().outages > 0 {
            doubt.until = Some(Instant::now() + self.config.confirm);
        }
        if doubt.until.is_some_and(|until| Instant::now() < until) {
            self.hold_back(&mut changes);
            self.apply(changes);
            return Ok(revision);
        }
        let waited = doubt.until.take().is_some();
        if !waited && self.is_mass_loss(&changes) {
            tracing::warn!(
                target: "ember::cluster", gone = gone_nodes(&changes).len(),
                "most of the cluster vanished from the registry at once: looking again before believing it"
            );
            self.apply_offices(changes);
            sleep(self.config.confirm).await;
            (revision, changes) = self.difference().await?;
        }
        self.apply(changes);
        Ok(revision)
    }

    /// Takes note of the connection over which it answers.
    ///
    /// # Errors
    /// It is `bound` to be that of before, and is another: between two watches nothing else may show that it was restored, if it has written as much as was lost
    /// since.
    fn goes_on(&self, doubt: &mut Doubt, bound: bool) -> Result<(), RegistryError> {
        let connections = self.session.connections();
        let before = doubt.connections.replace(connections);
        if bound && before.is_some_and(|before| before != connections) {
            return Err(RegistryError::Unavailable("the connection to it was lost, and it answers on another".into()));
        }
        Ok(())
    }

    /// What has to change for the directory to be equal to the registry.
    async fn difference(&self) -> Result<(i64, Vec<ClusterChange>), RegistryError> {
        let prefix = self.prefix();
        let Snapshot { revision, entries } = self.session.list(prefix.clone()).await?;
        let here = self.directory.here();
        let (mut changes, mut mine) = (Vec::with_capacity(entries.len()), BTreeMap::new());
        let (mut nodes, mut services) = (BTreeSet::<NodeKey>::new(), BTreeSet::<Pid>::new());
        let mut unseen = self.directory.offices_written();
        for entry in entries {
            if let Some(subject) = Subject::of(&entry.key, &prefix).filter(|subject| subject.node() == here) {
                mine.insert(mine_of(subject), entry);
                continue;
            }
            let event = Event::Put(entry);
            if let Some(change) = office_change(&event, &prefix) {
                if let Some((office, part)) = change.office_part() {
                    unseen.remove(&(office.clone(), part));
                }
                changes.push(change);
                continue;
            }
            let Some((subject, change)) = ClusterChange::of(&event, &prefix) else { continue };
            match subject {
                Subject::Node(node) => drop(nodes.insert(node)),
                Subject::Service(pid) => drop(services.insert(pid)),
            }
            changes.push(change);
        }
        self.announcer.listed(&mine);
        self.note_loss(!mine.contains_key(&Mine::Node));
        if planted(Bug::ForgetGone) {
            return Ok((revision, changes));
        }
        changes.extend(self.directory.registered().difference(&nodes).copied().map(ClusterChange::NodeGone));
        let known = self.directory.registered_services().into_iter();
        changes.extend(known.filter(|pid| !services.contains(pid)).map(ClusterChange::ServiceGone));
        changes.extend(unseen.into_iter().map(|(office, part)| part.gone(office)));
        Ok((revision, changes))
    }

    fn prefix(&self) -> String {
        keys::cluster(&self.config.cluster)
    }

    /// What events say of others. What they say of this node, the announcer compares with what it has written.
    fn read(&self, events: &[SharedEvent]) -> Vec<ClusterChange> {
        let (prefix, here) = (self.prefix(), self.directory.here());
        let mut changes = Vec::with_capacity(events.len());
        for event in events {
            if let Some(change) = office_change(event, &prefix) {
                changes.push(change);
                continue;
            }
            let Some((subject, change)) = ClusterChange::of_shared(event, &prefix) else { continue };
            if subject.node() != here {
                changes.push(change);
                continue;
            }
            match &**event {
                Event::Put(entry) => self.announcer.saw(mine_of(subject), Some(entry), entry.modified),
                Event::Delete { revision, .. } => self.announcer.saw(mine_of(subject), None, *revision),
            }
            self.note_loss(matches!(change, ClusterChange::NodeGone(_)));
        }
        changes
    }

    /// If this node's own entry is gone, by hand or with its lease, its lease has to be looked at.
    fn note_loss(&self, lost: bool) {
        if lost && self.contact.borrow().is_good() {
            self.contact.send_modify(|contact| contact.outages += 1);
        }
    }

    /// Whether a node has come back that the registry had given up: what it had before it went may not be all there.
    fn apply(&self, changes: Vec<ClusterChange>) -> bool {
        let Applied { gone, returned } = self.directory.apply(changes, &*self.link_is_up);
        gone.into_iter().for_each(|node| (self.gone)(node));
        returned
    }

    /// Applies what the changes say of offices, while all else is looked at again: who acts for a group is decided by the registry, and nobody
    /// else's opinion would make it wrong.
    fn apply_offices(&self, mut changes: Vec<ClusterChange>) {
        changes.retain(|change| change.office_part().is_some());
        self.apply(changes);
    }

    /// Drops what the changes say of those that are gone, unless their links say so too: after an outage they may be about to
    /// register again. The next list tells.
    fn hold_back(&self, changes: &mut Vec<ClusterChange>) {
        let suspects = self.directory.suspects();
        let believed: BTreeSet<_> = gone_nodes(changes)
            .into_iter()
            .filter(|node| (self.link_is_up)(*node) || suspects.contains_key(node))
            .collect();
        changes.retain(|change| match change {
            ClusterChange::NodeGone(node) => believed.contains(node),
            ClusterChange::ServiceGone(service) => believed.contains(&service.node),
            _ => true,
        });
    }

    /// More than 30 % of at least four peers, not counting those whose links say that they live.
    fn is_mass_loss(&self, changes: &[ClusterChange]) -> bool {
        let gone = gone_nodes(changes);
        if gone.is_empty() {
            return false;
        }
        let (known, gone) = self.directory.registered_of(gone);
        let lost = gone.into_iter().filter(|key| !(self.link_is_up)(*key)).count();
        known >= 4 && lost * 10 > known * 3
    }
}

/// The nodes that are gone when all of `changes` are applied.
fn gone_nodes(changes: &[ClusterChange]) -> BTreeSet<NodeKey> {
    let mut gone = BTreeSet::new();
    for change in changes {
        match change {
            ClusterChange::NodeGone(node) => drop(gone.insert(*node)),
            ClusterChange::Node(node) => drop(gone.remove(&node.key)),
            _ => {}
        }
    }
    gone
}

fn mine_of(subject: Subject) -> Mine {
    match subject {
        Subject::Node(_) => Mine::Node,
        Subject::Service(pid) => Mine::Service(pid.number),
    }
}

/// It was away, whoever noticed: it has been restored from a backup, or has lost its data.
fn went_back(revision: i64, last: i64) -> RegistryError {
    RegistryError::Unavailable(format!("it has come back with less than it had, at revision {revision} after {last}"))
}

/// Whether what is missing in the registry can be believed to be gone.
#[derive(Default)]
struct Doubt {
    /// The registry was away, or lost data, since the last list.
    away: bool,
    /// It came back not long ago: not before then.
    until: Option<Instant>,
    /// The last revision that was seen.
    last: i64,
    /// How often it had been connected to by then.
    connections: Option<u64>,
}

#[cfg(test)]
#[path = "follow_tests.rs"]
mod tests;
