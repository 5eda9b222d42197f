//! A name belongs to one node. A living one keeps its name from those that start later; one that cannot be reached loses it.

use std::{collections::BTreeSet, sync::Arc};

use futures_util::future::join_all;
use tokio::sync::watch;

use crate::{
    call::peer_of,
    directory::{Directory, NodeRecord},
    error::{Error, Result},
    id::NodeKey,
    transport::Links,
};

/// Asks each run of this node's name that the registry lists whether it lives. Those that do not have left their entries
/// behind, which expire: they are returned.
///
/// # Errors
/// One of them lives.
pub(crate) async fn refuse_living(directory: &Directory, links: &Links, name: &str) -> Result<BTreeSet<NodeKey>> {
    let namesakes = directory.namesakes();
    let alive = join_all(namesakes.iter().map(|record| async { links.is_alive(&peer_of(record)).await }));
    match namesakes.iter().zip(alive.await).find(|(_, alive)| *alive) {
        Some((record, _)) => Err(Error::NameTaken { name: name.to_owned(), by: who(record) }),
        None => Ok(namesakes.iter().map(|record| record.key).collect()),
    }
}

/// Tells when a later run of this node's name turns up: peers choose that one. The `leftovers` were there before, whatever
/// their incarnations say: the wall clock may have been set back.
pub(crate) async fn watch(
    directory: Arc<Directory>,
    leftovers: BTreeSet<NodeKey>,
    here: NodeRecord,
    replaced: watch::Sender<Option<String>>,
) {
    let mut changes = directory.changes();
    loop {
        changes.mark_unchanged();
        let is_later = |record: &Arc<NodeRecord>| record.key > here.key && !leftovers.contains(&record.key);
        if let Some(later) = directory.namesakes().into_iter().find(is_later) {
            let by = who(&later);
            tracing::error!(
                target: "ember::cluster", name = here.name, key = %here.key, by,
                "a later node has taken the name of this one, which its peers no longer see"
            );
            replaced.send_replace(Some(by));
            return;
        }
        if changes.changed().await.is_err() {
            return;
        }
    }
}

fn who(record: &NodeRecord) -> String {
    format!("the node {} at {}", record.key, record.endpoint)
}
