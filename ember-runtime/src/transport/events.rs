//! Ups and downs, for the log and the ingress: told in their order, and never while a lock of this room is held. A log may be
//! anything, also something that calls through a link.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use super::{Ingress, lock};
use crate::id::NodeKey;

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
    /// Nobody listens at its address.
    Deserted(NodeKey),
}

/// Those that were not told yet: no more than there were changes of links.
#[derive(Debug, Default)]
pub(super) struct Events(Mutex<Queue>);

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<Event>,
    /// Somebody is telling them; that one tells the new ones too.
    telling: bool,
}

impl Events {
    /// To be called in the order of events, that is with the table locked.
    pub(super) fn push(&self, event: Event) {
        lock(&self.0).waiting.push_back(event);
    }

    /// Tells what waits; to be called with nothing locked.
    pub(super) fn tell(&self, ingress: &dyn Ingress) {
        if std::mem::replace(&mut lock(&self.0).telling, true) {
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
                Some(Event::Deserted(peer)) => ingress.deserted(peer),
                None => return std::mem::forget(unwinding),
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
