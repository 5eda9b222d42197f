//! Calls that wait for a link to be made: in order, whether somebody waits for their replies or not, and bounded.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, AtomicUsize, Ordering, fence},
    },
};

use tokio::sync::oneshot;

use crate::{
    error::RefusedReason,
    id::{MethodId, NodeKey},
    message::{Envelope, MethodInfo, Stamp},
    panics::woken,
    sync::lock,
    transport::{Links, OutCall, Peer, PendingReply},
};

/// How many bytes of calls may wait for one peer's link: as many as may wait for the peer once there is one.
const LIMIT: usize = 16 << 20;

/// A call, encoded already.
pub(crate) struct Departure {
    pub(crate) target: u64,
    pub(crate) method: MethodId,
    pub(crate) fingerprint: Option<u64>,
    pub(crate) info: &'static MethodInfo,
    pub(crate) stamp: Stamp,
    pub(crate) envelope: Envelope,
    pub(crate) payload: Vec<u8>,
    /// `None` for a one-way call.
    pub(crate) boarding: Option<Boarding>,
}

/// Tells a caller how its call left.
pub(crate) struct Boarding {
    left: oneshot::Sender<Result<PendingReply, RefusedReason>>,
    handed_over: Arc<AtomicBool>,
}

/// The caller's half of a [`Boarding`].
pub(crate) struct Pass {
    pub(crate) left: oneshot::Receiver<Result<PendingReply, RefusedReason>>,
    /// Whether the link has the call; `true` a moment early rather than late.
    pub(crate) handed_over: Arc<AtomicBool>,
}

impl Boarding {
    pub(crate) fn new() -> (Self, Pass) {
        let ((left, receiver), handed_over) = (oneshot::channel(), Arc::<AtomicBool>::default());
        (Self { left, handed_over: Arc::clone(&handed_over) }, Pass { left: receiver, handed_over })
    }
}

impl Departure {
    /// What it counts for: its payload, and something for the rest.
    fn size(&self) -> usize {
        self.payload.len() + 64
    }
}

/// The waiting calls of a node, by peer.
#[derive(Clone, Default)]
pub(crate) struct Departures(Arc<Shared>);

#[derive(Default)]
struct Shared {
    queues: Mutex<BTreeMap<NodeKey, Queue>>,
    /// How many queues there are: almost always none, and then nothing needs to be locked.
    count: AtomicUsize,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Departure>,
    bytes: usize,
}

impl Queue {
    /// Whether a call of this size may wait too. One that is larger than the bound may go alone: its size has a limit of its own.
    fn has_room_for(&self, size: usize) -> bool {
        self.bytes == 0 || self.bytes + size <= LIMIT
    }
}

impl Departures {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<NodeKey, Queue>> {
        lock(&self.0.queues)
    }

    /// Whether calls wait for this peer: then later ones must wait behind them.
    pub(crate) fn is_waiting(&self, peer: NodeKey) -> bool {
        self.0.count.load(Ordering::Acquire) > 0 && self.lock().contains_key(&peer)
    }

    /// Queues a call, and starts making the link if nobody does yet.
    pub(crate) fn push(&self, links: Arc<Links>, peer: Peer, departure: Departure) -> Result<(), RefusedReason> {
        let mut queues = self.lock();
        let is_first = !queues.contains_key(&peer.key);
        let queue = queues.entry(peer.key).or_default();
        if !queue.has_room_for(departure.size()) {
            return Err(RefusedReason::LinkFull { limit: LIMIT as u64 });
        }
        queue.bytes += departure.size();
        queue.waiting.push_back(departure);
        self.0.count.store(queues.len(), Ordering::Release);
        drop(queues);
        if is_first {
            Arc::clone(&links).spawn(self.clone().leave(links, peer));
        }
        Ok(())
    }

    fn remove(&self, queues: &mut BTreeMap<NodeKey, Queue>, peer: NodeKey) -> Queue {
        let queue = queues.remove(&peer).unwrap_or_default();
        self.0.count.store(queues.len(), Ordering::Release);
        queue
    }

    /// Waits for the link, and sends what has gathered.
    async fn leave(self, links: Arc<Links>, peer: Peer) {
        loop {
            if let Err(reason) = links.ready(&peer).await {
                let queue = self.remove(&mut self.lock(), peer.key);
                queue.waiting.into_iter().for_each(|departure| woken(|| departure.refuse(&peer, reason.clone())));
                return;
            }
            let (left, is_empty) = self.submit(&links, &peer);
            // With nothing locked: the log and the wakers of callers may be anything, also something that calls.
            left.into_iter().for_each(|(departure, submitted)| woken(|| departure.settle(&peer, submitted)));
            if is_empty {
                return;
            }
        }
    }

    /// Hands to the link what waits for it; what has left the queue, and whether that was all.
    fn submit(&self, links: &Arc<Links>, peer: &Peer) -> (Vec<(Departure, Submitted)>, bool) {
        let (mut queues, mut left) = (self.lock(), Vec::new());
        let Some(queue) = queues.get_mut(&peer.key) else { return (left, true) };
        while let Some(departure) = queue.waiting.front_mut() {
            let submitted = departure.submit(links, peer);
            if matches!(submitted, Ok(None)) && !departure.is_unwanted() {
                return (left, false);
            }
            queue.bytes -= departure.size();
            left.extend(queue.waiting.pop_front().map(|departure| (departure, submitted)));
        }
        self.remove(&mut queues, peer.key);
        (left, true)
    }
}

/// What the link made of a call; nothing if there is none, or nobody wants the call any more.
type Submitted = Result<Option<PendingReply>, RefusedReason>;

impl Departure {
    /// Whether its caller has gone away.
    fn is_unwanted(&self) -> bool {
        self.boarding.as_ref().is_some_and(|boarding| boarding.left.is_closed())
    }

    /// Hands it to the link; `None` if there is none, or nobody wants it any more.
    fn submit(&self, links: &Arc<Links>, peer: &Peer) -> Submitted {
        // Before the question whether somebody waits: whoever goes away after it finds this.
        self.set_handed_over(true);
        fence(Ordering::SeqCst);
        if self.is_unwanted() {
            self.set_handed_over(false);
            return Ok(None);
        }
        let mut put_args = |out: &mut Vec<u8>| {
            out.extend_from_slice(&self.payload);
            Ok(())
        };
        let call = OutCall {
            target: self.target,
            method: self.method,
            fingerprint: self.fingerprint,
            stamp: self.stamp,
            lane: self.info.lane,
            envelope: &self.envelope,
            put_args: &mut put_args,
            one_way: self.boarding.is_none(),
        };
        let submitted = links.submit(peer.key, call);
        self.set_handed_over(matches!(submitted, Ok(Some(_))));
        submitted
    }

    fn set_handed_over(&self, handed_over: bool) {
        if let Some(boarding) = &self.boarding {
            boarding.handed_over.store(handed_over, Ordering::Release);
        }
    }

    /// Tells the caller how it left.
    fn settle(self, peer: &Peer, submitted: Submitted) {
        match (submitted, self.boarding) {
            (Ok(Some(pending)), Some(boarding)) => drop(boarding.left.send(Ok(pending))),
            (Ok(_), _) => {}
            (Err(reason), boarding) => Self { boarding, ..self }.refuse(peer, reason),
        }
    }

    fn refuse(self, peer: &Peer, reason: RefusedReason) {
        match self.boarding {
            Some(boarding) => drop(boarding.left.send(Err(reason))),
            None => tracing::warn!(
                target: "ember::call", peer = %peer.key, method = self.info.name, %reason,
                "a one-way call was not executed"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_wait_up_to_the_bound_and_a_larger_one_alone() {
        let with = |bytes| Queue { bytes, ..Queue::default() };
        let takes = |bytes, size| with(bytes).has_room_for(size);
        assert!(takes(0, 64) && takes(0, LIMIT + 1), "nothing waits");
        assert!(takes(64, LIMIT - 64) && !takes(64, LIMIT - 63) && !takes(LIMIT, 1));
    }
}
