//! Peers come and go: what was kept for them is given back.

use super::support::*;
use crate::{sync::lock, transport::protocol::LinkConfig};

/// How a peer goes.
#[derive(Debug, Clone, Copy)]
enum End {
    /// It leaves the registry, says goodbye and closes its links: what a shutdown does.
    KeyFirst,
    /// Its link ends before the registry notices: a crash.
    LinkFirst,
    /// It never could be reached.
    Unreachable,
    /// A call in flight wants a link after all that.
    Late,
}

#[tokio::test(start_paused = true)]
async fn entries_of_peers_that_are_gone_are_given_back_whatever_ended_first() {
    let memory = Memory::default();
    let a = memory.node(key(1, 1), LinkConfig::default()).await;
    let stays = memory.node(key(2, 1), LinkConfig::default()).await;
    a.ready(&stays).await;
    for id in 10..210 {
        let end = [End::KeyFirst, End::LinkFirst, End::Unreachable, End::Late][id as usize % 4];
        let there = peer(key(id, 1), format!("node-{id}:1").parse().unwrap());
        let unlist = || lock(&a.services.unlisted).insert(there.key.id);
        match end {
            End::KeyFirst => {
                let b = memory.node(there.key, LinkConfig::default()).await;
                b.ready(&a).await;
                both_up(&a, &b).await;
                unlist();
                b.links.shutdown(std::time::Duration::from_secs(1)).await;
                until("the link to be down", || !a.links.is_up(there.key)).await;
            }
            End::LinkFirst => {
                let b = memory.node(there.key, LinkConfig::default()).await;
                a.ready(&b).await;
                drop(b);
                until("the link to be down", || !a.links.is_up(there.key)).await;
                unlist();
                a.links.forget(there.key);
            }
            End::Unreachable => {
                soon("a refusal", a.links.ready(&there)).await.unwrap_err();
                unlist();
                a.links.forget(there.key);
            }
            End::Late => {
                unlist();
                a.links.forget(there.key);
                soon("a refusal", a.links.ready(&there)).await.unwrap_err();
            }
        }
        until("the entry to be given back", || lock(&a.links.table).peers.len() == 1).await;
    }
    assert!(a.links.is_up(stays.peer.key));
    assert_eq!(a.links.sessions().len(), 1);
    until("the sockets to close", || a.links.sockets.count() == 2).await;
    assert_eq!(a.links.sockets.strangers.count(), 0);
}
