//! Ups and downs, for the log and the ingress: told in their order, and never while a lock of this room is held. A log may be
//! anything, also something that calls through a link.

use std::{
    collections::VecDeque,
    mem,
    sync::{Arc, Mutex},
    task::Waker,
};

use super::{Ingress, deadlines::wake, table::Outcome};
use crate::{
    error::RefusedReason,
    id::NodeKey,
    panics::woken,
    sync::{lock, ordered},
};

#[derive(Debug)]
pub(super) enum Event {
    Up {
        peer: NodeKey,
        number: u64,
        dialled: bool,
    },
    /// With so many one-way calls that were lost.
    Down {
        peer: NodeKey,
        number: u64,
        why: Arc<str>,
        lost: usize,
    },
    /// Its workers are late, or not any more.
    Late {
        peer: NodeKey,
        is_late: bool,
    },
    /// Nobody listens at its address.
    Deserted(NodeKey),
}

/// Those that were not told yet: no more than there were changes of links.
#[derive(Debug, Default)]
pub(super) struct Events(Mutex<Queue>);

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<Event>,
    /// Of calls that have ended with their links. They may be anything, too.
    wakers: Vec<Waker>,
    /// Of attempts, for those who wait for them.
    outcomes: Vec<(ordered::Sender<Outcome>, Result<(), RefusedReason>)>,
    /// Somebody is telling them; that one tells the new ones too.
    telling: bool,
}

impl Events {
    /// To be called in the order of events, that is with the table locked.
    pub(super) fn push(&self, event: Event) {
        lock(&self.0).waiting.push_back(event);
    }

    /// Wakes these once nothing is locked any more.
    pub(super) fn wake(&self, wakers: Vec<Waker>) {
        if !wakers.is_empty() {
            lock(&self.0).wakers.extend(wakers);
        }
    }

    /// Tells those who wait for an attempt how it has ended, once nothing is locked any more.
    pub(super) fn outcome(&self, waiting: ordered::Sender<Outcome>, outcome: Result<(), RefusedReason>) {
        lock(&self.0).outcomes.push((waiting, outcome));
    }

    /// Tells what waits; to be called with nothing locked.
    pub(super) fn tell(&self, ingress: &dyn Ingress) {
        let (wakers, outcomes) = {
            let mut queue = lock(&self.0);
            (mem::take(&mut queue.wakers), mem::take(&mut queue.outcomes))
        };
        wakers.into_iter().for_each(wake);
        outcomes.into_iter().for_each(|(waiting, outcome)| woken(|| waiting.send_replace(Some(outcome))));
        if mem::replace(&mut lock(&self.0).telling, true) {
            return;
        }
        let unwinding = Unwinding(&self.0);
        loop {
            let event = {
                let mut queue = lock(&self.0);
                let event = queue.waiting.pop_front();
                queue.telling = event.is_some();
                event
            };
            match event {
                Some(Event::Up { peer, number, dialled }) => {
                    tracing::info!(target: "ember::link", %peer, number, dialled, "link up");
                    ingress.link_up(peer);
                }
                Some(Event::Down { peer, number, why, lost }) => {
                    tracing::info!(target: "ember::link", %peer, number, why = &*why, "link down");
                    if lost > 0 {
                        tracing::warn!(target: "ember::link", %peer, lost, "one-way calls were lost with their link");
                    }
                    ingress.link_down(peer, &why);
                }
                Some(Event::Late { peer, is_late }) => {
                    tracing::info!(target: "ember::link", %peer, is_late, "the peer's workers are late, or not any more");
                    ingress.link_late(peer, is_late);
                }
                Some(Event::Deserted(peer)) => ingress.deserted(peer),
                None => return mem::forget(unwinding),
            }
        }
    }
}

/// After a panic of the ingress the next one tells on.
struct Unwinding<'a>(&'a Mutex<Queue>);

impl Drop for Unwinding<'_> {
    fn drop(&mut self) {
        lock(self.0).telling = false;
    }
}
