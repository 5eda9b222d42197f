//! Tries the links of suspects again: callers avoid a suspect, so that otherwise nobody might ever notice that it is back.

use std::{sync::Arc, time::Duration};

use futures_util::{StreamExt, stream};
use tokio::time::sleep;

use crate::{
    directory::{Directory, NodeRecord},
    rng::Rng,
    transport::{Links, Peer},
};

/// The pause between rounds: up to twice this. The links space their attempts themselves, too.
const PAUSE: Duration = Duration::from_millis(200);
/// How many suspects are tried at a time.
const AT_A_TIME: usize = 32;

/// Goes on until it is aborted.
pub(super) async fn run(directory: Arc<Directory>, links: Arc<Links>, rng: Rng) {
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

async fn revive(directory: &Directory, links: &Arc<Links>, record: Arc<NodeRecord>) {
    let peer = Peer { key: record.key, endpoint: record.endpoint.clone() };
    if links.ready(&peer).await.is_err() {
        return;
    }
    // A link that comes up clears the mark by itself, unless a caller that had failed before has set it since.
    directory.suspect(peer.key, false);
    if !links.is_up(peer.key) {
        directory.suspect(peer.key, true);
    }
}
