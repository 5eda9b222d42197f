//! Tries the links of suspects again: callers avoid a suspect, so that otherwise nobody might ever notice that it is back.

use std::{sync::Arc, time::Duration};

use futures_util::{StreamExt, stream};
use tokio::time::sleep;

use crate::{
    call::peer_of,
    directory::{Directory, NodeRecord},
    rng::Rng,
    transport::Links,
};

/// The pause between rounds: up to twice this. The links space their attempts themselves, too.
const PAUSE: Duration = Duration::from_millis(200);
/// How many suspects are tried at a time.
const AT_A_TIME: usize = 32;

/// Goes on until it is aborted.
pub(crate) async fn run(directory: Arc<Directory>, links: Arc<Links>, rng: Rng) {
    let mut changes = directory.changes();
    loop {
        changes.mark_unchanged();
        let suspects = directory.suspects();
        if suspects.is_empty() {
            if changes.changed().await.is_err() {
                return;
            }
            continue;
        }
        let attempts = stream::iter(suspects.into_values());
        attempts.for_each_concurrent(AT_A_TIME, |record| revive(&directory, &links, record)).await;
        sleep(PAUSE + rng.jitter(PAUSE)).await;
    }
}

#[cfg(feature = "testing")]
impl super::running::Node {
    /// Waits until it sees the node of that name, and has a link to it.
    pub(crate) async fn linked(&self, name: &str) {
        let view = self.wait_for_view(|view| view.nodes().any(|node| node.name == name)).await;
        let record = view.nodes().find(|node| node.name == name);
        if let (Some(record), Some(membership)) = (record, self.inner.membership.get()) {
            let directory = self.inner.services.router.directory();
            revive(directory, &membership.links, Arc::new(record.clone())).await;
        }
    }

    /// Whether it sees the node of that name, has a link to it, and trusts it.
    pub(crate) fn is_linked(&self, name: &str) -> bool {
        let (view, suspects) = (self.view(), self.inner.services.router.directory().suspects());
        let key = view.nodes().find(|node| node.name == name).map(|node| node.key);
        let links = self.inner.membership.get().map(|membership| &membership.links);
        key.zip(links).is_some_and(|(key, links)| links.is_up(key) && !suspects.contains_key(&key))
    }
}

async fn revive(directory: &Directory, links: &Arc<Links>, record: Arc<NodeRecord>) {
    let peer = peer_of(&record);
    if links.ready(&peer).await.is_err() {
        return;
    }
    // A link that comes up clears the mark by itself, unless a caller that had failed before has set it since.
    directory.suspect(peer.key, false);
    if !links.is_up(peer.key) {
        directory.suspect(peer.key, true);
    }
}
