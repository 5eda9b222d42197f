//! All links of one node.

use std::{
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwap;
use tokio::{
    runtime::Handle,
    task::{AbortHandle, JoinHandle},
    time::Instant,
};

use super::{
    by_node::ByNode,
    events::{Events, LinkEvent},
    pulses::Pulses,
    table::{Connecting, Entry, How, State, Table},
};
use crate::{
    actor::Load,
    error::RefusedReason,
    id::{NodeId, NodeKey},
    net::Network,
    rng::Rng,
    sync::lock,
    transport::{
        entrance::{Grant, Sockets, Workers},
        link::{PendingReply, Session},
        protocol::{Identity, Ingress, LinkConfig, OutCall},
    },
};

/// The links of a node. Dropped, it ends them all at once; see [`shutdown`](Links::shutdown) for a clean end.
pub(crate) struct Links {
    pub(crate) identity: Identity,
    pub(crate) config: LinkConfig,
    pub(crate) network: Arc<dyn Network>,
    pub(crate) rng: Rng,
    pub(crate) ingress: Arc<dyn Ingress>,
    pub(crate) table: Mutex<Table>,
    pub(crate) events: Events,
    pub(crate) sockets: Arc<Sockets>,
    /// The second connections that peers are to open.
    pub(crate) pulses: Pulses,
    pub(crate) workers: Arc<Workers>,
    /// Answers for the workers.
    answering: AbortHandle,
    /// That of the node: handlers run in the tasks of links, wherever those come from who want one.
    runtime: Handle,
    /// The links that are up, for those who call.
    up: ArcSwap<ByNode<Arc<Session>>>,
    numbers: AtomicU64,
    dials: AtomicU64,
    pub(crate) server: Mutex<Option<JoinHandle<()>>>,
}

impl std::fmt::Debug for Links {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Links").field("identity", &self.identity).field("up", &self.up.load()).finish_non_exhaustive()
    }
}

impl Links {
    /// The links of a node whose listener `serve` looks after.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub(crate) fn made(
        (identity, config): (Identity, LinkConfig),
        network: Arc<dyn Network>,
        rng: Rng,
        ingress: Arc<dyn Ingress>,
        serve: impl FnOnce(WeakLinks, Arc<Sockets>) -> JoinHandle<()>,
    ) -> Arc<Self> {
        let sockets = Arc::new(Sockets::default());
        let workers = Arc::new(Workers::default());
        let asked = Arc::clone(&workers);
        let answering = tokio::spawn(async move { asked.answer().await }).abort_handle();
        Arc::new_cyclic(|links| Self {
            server: Mutex::new(Some(serve(links.clone(), Arc::clone(&sockets)))),
            identity,
            config,
            network,
            rng,
            ingress,
            table: Mutex::default(),
            events: Events::default(),
            sockets,
            pulses: Pulses::default(),
            workers,
            answering,
            runtime: Handle::current(),
            up: ArcSwap::default(),
            numbers: AtomicU64::new(0),
            dials: AtomicU64::new(0),
        })
    }

    /// Tells how long the workers of the node are held up.
    pub(crate) fn lateness(&self) -> Arc<dyn Fn(Instant) -> Duration + Send + Sync> {
        let workers = Arc::clone(&self.workers);
        Arc::new(move |now| workers.late(now))
    }

    /// Begins a task on the node's runtime, also for callers on another, or on none.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
        self.runtime.spawn(task).abort_handle()
    }

    /// Queues `call`, without waiting. `None` if the link is not up: call [`ready`](Links::ready) and try again.
    ///
    /// # Errors
    /// `Expired`, `TooLarge`, `LinkFull`, `Undecodable`. Neither on an error nor on `None` anything was sent.
    pub(crate) fn submit(&self, peer: NodeKey, call: OutCall<'_>) -> Result<Option<PendingReply>, RefusedReason> {
        match self.up.load().get(peer.id) {
            Some(session) if session.peer == peer => session.submit(call),
            _ => Ok(None),
        }
    }

    /// Whether calls can be submitted.
    pub(crate) fn is_up(&self, peer: NodeKey) -> bool {
        self.session(peer).is_some_and(|session| session.accepts())
    }

    /// How many calls wait for their replies.
    #[cfg(test)]
    pub(crate) fn in_flight(&self, peer: NodeKey) -> usize {
        self.session(peer).map_or(0, |session| session.callers.waiting())
    }

    /// How many calls of peers are not answered.
    pub(crate) fn unanswered(&self) -> usize {
        self.sessions().iter().map(|session| lock(&session.outbox).inbound.live()).sum()
    }

    /// The membership says that this run of the peer is gone for good: its link is closed at once, unless it is about to end
    /// in good order; its calls get their answers, attempts end.
    pub(crate) fn forget(&self, peer: NodeKey) {
        const WHY: &str = "the node has left the cluster";
        {
            let mut table = lock(&self.table);
            let Some(slot) = table.peers.get_mut(&peer.id) else { return };
            match &slot.state {
                // One that says goodbye still brings the replies that are on their way; it ends by itself.
                State::Up(session) if session.peer == peer && session.accepts() => self.close_locked(slot, WHY),
                State::Connecting(Connecting { target, .. }) if *target == peer => {
                    if let Some(outcome) = slot.take_over(WHY, &self.events) {
                        self.events.outcome(outcome, Err(RefusedReason::Unreachable(WHY.into())));
                    }
                }
                _ => {}
            }
        }
        self.events.tell(&*self.ingress);
        self.tidy(peer.id);
    }

    /// To be called when a link or an attempt has ended: of a node that is no member any more nothing is worth remembering,
    /// whichever came first, the news that it has left or the end of its link. Of one that is, no run newer than its newest
    /// member: a node that was started again with its clock set back has a lower number than the run before.
    pub(crate) fn tidy(&self, node: NodeId) {
        if !lock(&self.table).is_idle(node) {
            return;
        }
        // It is asked with nothing locked. Should it leave now, `forget` comes here too.
        let member = self.ingress.newest(node);
        let mut table = lock(&self.table);
        let Some(slot) = table.peers.get_mut(&node).filter(|slot| matches!(slot.state, State::Idle)) else { return };
        match member {
            Some(newest) => slot.newest = slot.newest.min(newest),
            None => drop(table.peers.remove(&node)),
        }
    }

    /// How many entries there are for other nodes, and how many links.
    #[cfg(all(test, feature = "testing"))]
    pub(crate) fn kept(&self) -> (usize, usize) {
        (lock(&self.table).peers.len(), self.up.load().all().len())
    }

    pub(crate) fn session(&self, peer: NodeKey) -> Option<Arc<Session>> {
        self.up.load().get(peer.id).filter(|session| session.peer == peer).cloned()
    }

    pub(crate) fn sessions(&self) -> Vec<Arc<Session>> {
        self.up.load().all().into_iter().map(|(_, session)| session).collect()
    }

    pub(crate) fn next_number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(crate) fn next_dial(&self) -> u64 {
        self.dials.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(crate) fn last_dial(&self) -> u64 {
        self.dials.load(Ordering::Relaxed)
    }

    /// The size limit of messages on this side, in bytes.
    pub(crate) fn max_message(&self) -> usize {
        self.config.max_message
    }

    pub(crate) fn grant(&self) -> Grant {
        Grant { max_message: self.config.max_message as u64, credit: self.config.credit as u64 }
    }

    /// Makes the attempt that `mine` recognises a link that is up. The table tells the order of all such changes.
    pub(crate) fn raise(&self, session: &Arc<Session>, mine: impl FnOnce(&How) -> bool) -> bool {
        {
            let mut table = lock(&self.table);
            if table.closed {
                return false;
            }
            let Some(slot) = table.peers.get_mut(&session.peer.id) else { return false };
            match &slot.state {
                State::Connecting(Connecting { how, .. }) if mine(how) => {}
                _ => return false,
            }
            let State::Connecting(attempt) = std::mem::replace(&mut slot.state, State::Up(session.clone())) else {
                return false;
            };
            (slot.newest, slot.not_before) = (session.peer.incarnation, None);
            self.change_up(|up| up.with(session.peer.id, session.clone()));
            self.events.outcome(attempt.outcome, Ok(()));
            session.sever.mark_used();
            let dialled = matches!(attempt.how, How::Dial { .. });
            self.events.push(LinkEvent::Up { peer: session.peer, number: session.number, dialled });
        }
        self.events.tell(&*self.ingress);
        true
    }

    /// The peer says that its workers are late, or not any more. What an earlier link has brought counts no more.
    pub(crate) fn late(&self, session: &Arc<Session>, is_late: bool) {
        {
            let table = lock(&self.table);
            match table.peers.get(&session.peer.id).map(|slot| &slot.state) {
                Some(State::Up(current)) if Arc::ptr_eq(current, session) => {
                    self.events.push(LinkEvent::Late { peer: session.peer, is_late });
                }
                _ => return,
            }
        }
        self.events.tell(&*self.ingress);
    }

    /// The peer says which of its services are busy. What an earlier link has brought counts no more, and what this one brings is told after
    /// that it is up: then what was known of the peer is forgotten.
    pub(crate) fn reported(&self, session: &Arc<Session>, busy: Vec<(u64, Load)>) {
        {
            let table = lock(&self.table);
            match table.peers.get(&session.peer.id).map(|slot| &slot.state) {
                Some(State::Up(current)) if Arc::ptr_eq(current, session) => {
                    self.events.push_report(session.peer, busy);
                }
                _ => return,
            }
        }
        self.events.tell(&*self.ingress);
    }

    /// A link's task has ended.
    pub(crate) fn ended(&self, session: &Arc<Session>, why: &str) {
        session.kill(why);
        {
            let mut table = lock(&self.table);
            if let Some(slot) = table.peers.get_mut(&session.peer.id)
                && matches!(&slot.state, State::Up(current) if Arc::ptr_eq(current, session))
            {
                self.close_locked(slot, why);
            }
        }
        self.events.tell(&*self.ingress);
        self.tidy(session.peer.id);
    }

    /// Closes the link of `slot`, if there is one. The caller has the table locked, and tells the events later.
    pub(crate) fn close_locked(&self, slot: &mut Entry, why: &str) {
        let State::Up(session) = &slot.state else { return };
        let session = session.clone();
        slot.state = State::Idle;
        let (why, wakers) = session.close(why);
        self.events.wake(wakers);
        self.change_up(|up| up.without(session.peer.id));
        // A link that does not last is a failed attempt, or two nodes could connect and part without a pause.
        if session.born.elapsed() < self.config.heartbeat {
            slot.back_off(session.peer.incarnation, &self.rng);
        } else {
            slot.failures = 0;
        }
        let lost = session.take_lost();
        self.events.push(LinkEvent::Down { peer: session.peer, number: session.number, why, lost });
    }

    /// The caller has the table locked: no two change it at once.
    fn change_up(&self, change: impl FnOnce(&ByNode<Arc<Session>>) -> ByNode<Arc<Session>>) {
        let up = change(&self.up.load());
        self.up.store(Arc::new(up));
    }

    /// Ends everything, now.
    pub(crate) fn close(&self, why: &str) {
        {
            let mut table = lock(&self.table);
            table.closed = true;
            for slot in table.peers.values_mut() {
                if let Some(outcome) = slot.take_over(why, &self.events) {
                    self.events.outcome(outcome, Err(RefusedReason::NodeClosed));
                }
                self.close_locked(slot, why);
            }
        }
        if let Some(server) = &*lock(&self.server) {
            server.abort();
        }
        self.answering.abort();
        self.sockets.cut_all();
        self.events.tell(&*self.ingress);
    }
}

impl Drop for Links {
    fn drop(&mut self) {
        self.close("the node was dropped");
    }
}

/// What tasks hold: they must not keep the node alive.
pub(crate) type WeakLinks = Weak<Links>;
