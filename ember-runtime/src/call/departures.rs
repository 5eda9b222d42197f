//! One-way calls that wait for a link to be made: in order, bounded, and never waited for by their senders.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{
    error::RefusedReason,
    id::{MethodId, NodeKey},
    message::Envelope,
    transport::{Links, OutCall, Peer},
};

/// How many bytes of one-way calls may wait for one peer's link.
const LIMIT: usize = 1 << 20;

/// A one-way call, encoded already.
pub(super) struct Departure {
    pub(super) target: u64,
    pub(super) method: MethodId,
    pub(super) fingerprint: Option<u64>,
    pub(super) name: &'static str,
    pub(super) envelope: Envelope,
    pub(super) payload: Vec<u8>,
}

impl Departure {
    /// What it counts for: its payload, and something for the rest.
    fn size(&self) -> usize {
        self.payload.len() + 64
    }
}

/// The waiting calls of a node, by peer.
#[derive(Clone, Default)]
pub(super) struct Departures(Arc<Mutex<BTreeMap<NodeKey, Queue>>>);

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Departure>,
    bytes: usize,
}

impl Departures {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<NodeKey, Queue>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether calls wait for this peer: then later ones must wait behind them.
    pub(super) fn is_waiting(&self, peer: NodeKey) -> bool {
        self.lock().contains_key(&peer)
    }

    /// Queues a call, and starts making the link if nobody does yet.
    pub(super) fn push(&self, links: Arc<Links>, peer: Peer, departure: Departure) -> Result<(), RefusedReason> {
        let mut queues = self.lock();
        let is_first = !queues.contains_key(&peer.key);
        let queue = queues.entry(peer.key).or_default();
        if queue.bytes + departure.size() > LIMIT {
            return Err(RefusedReason::LinkFull { limit: LIMIT as u64 });
        }
        queue.bytes += departure.size();
        queue.waiting.push_back(departure);
        drop(queues);
        if is_first {
            tokio::spawn(self.clone().leave(links, peer));
        }
        Ok(())
    }

    /// Waits for the link, and sends what has gathered.
    async fn leave(self, links: Arc<Links>, peer: Peer) {
        loop {
            let ready = links.ready(&peer).await;
            let mut queues = self.lock();
            let Some(queue) = queues.get_mut(&peer.key) else { return };
            if let Err(reason) = ready {
                let count = queue.waiting.len();
                queues.remove(&peer.key);
                drop(queues);
                tracing::warn!(target: "ember::call", peer = %peer.key, count, %reason, "one-way calls were not executed");
                return;
            }
            while let Some(departure) = queue.waiting.front() {
                let mut put_args = |out: &mut Vec<u8>| {
                    out.extend_from_slice(&departure.payload);
                    Ok(())
                };
                let call = OutCall {
                    target: departure.target,
                    method: departure.method,
                    fingerprint: departure.fingerprint,
                    envelope: &departure.envelope,
                    put_args: &mut put_args,
                    one_way: true,
                };
                match links.submit(&peer, call) {
                    Ok(Some(_done)) => {}
                    Ok(None) => break,
                    Err(reason) => tracing::warn!(
                        target: "ember::call", peer = %peer.key, method = departure.name, %reason,
                        "a one-way call was not executed"
                    ),
                }
                queue.waiting.pop_front();
            }
            if queue.waiting.is_empty() {
                queues.remove(&peer.key);
                return;
            }
        }
    }
}
