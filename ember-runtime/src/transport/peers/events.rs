//! Ups and downs, for the log and the ingress: told in their order, and never while a lock of this room is held. A log may be
//! anything, also something that calls through a link.

use std::{
    collections::{BTreeMap, VecDeque},
    mem,
    sync::{Arc, Mutex},
    task::Waker,
};

use crate::{
    actor::Load,
    error::RefusedReason,
    id::NodeKey,
    sync::{lock, ordered, wake},
    transport::protocol::Ingress,
};

/// How an attempt ended, once it has.
pub(crate) type Outcome = Option<Result<(), RefusedReason>>;

#[derive(Debug)]
pub(crate) enum LinkEvent {
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
    /// Which of its services are busy.
    Reported {
        peer: NodeKey,
        busy: Vec<(u64, Load)>,
    },
    /// Nobody listens at its address.
    Deserted(NodeKey),
}

impl LinkEvent {
    fn peer(&self) -> NodeKey {
        match self {
            Self::Up { peer, .. }
            | Self::Down { peer, .. }
            | Self::Late { peer, .. }
            | Self::Reported { peer, .. }
            | Self::Deserted(peer) => *peer,
        }
    }
}

/// Those that were not told yet: no more than there were changes of links, and one report between two of them.
#[derive(Debug, Default)]
pub(crate) struct Events(Mutex<Queue>);

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<LinkEvent>,
    /// How many have been told, and the last that waits of each peer, by its number among all that ever were: there a report finds the one before it.
    told: u64,
    last: BTreeMap<NodeKey, u64>,
    /// Of calls that have ended with their links. They may be anything, too.
    wakers: Vec<Waker>,
    /// Of attempts, for those who wait for them.
    outcomes: Vec<(ordered::Sender<Outcome>, Result<(), RefusedReason>)>,
    /// Somebody is telling them; that one tells the new ones too.
    telling: bool,
}

impl Queue {
    fn push(&mut self, event: LinkEvent) {
        self.last.insert(event.peer(), self.told + self.waiting.len() as u64);
        self.waiting.push_back(event);
    }

    fn pop(&mut self) -> Option<LinkEvent> {
        let event = self.waiting.pop_front()?;
        if self.last.get(&event.peer()) == Some(&self.told) {
            self.last.remove(&event.peer());
        }
        self.told += 1;
        Some(event)
    }

    /// The last that waits of this peer.
    fn last_of(&mut self, peer: NodeKey) -> Option<&mut LinkEvent> {
        let index = self.last.get(&peer)?.checked_sub(self.told)?;
        self.waiting.get_mut(usize::try_from(index).ok()?)
    }
}

impl Events {
    /// To be called in the order of events, that is with the table locked.
    pub(crate) fn push(&self, event: LinkEvent) {
        lock(&self.0).push(event);
    }

    /// The same of a report, which takes the place of one that was not told yet.
    pub(crate) fn push_report(&self, peer: NodeKey, busy: Vec<(u64, Load)>) {
        let mut queue = lock(&self.0);
        match queue.last_of(peer) {
            Some(LinkEvent::Reported { busy: before, .. }) => *before = busy,
            _ => queue.push(LinkEvent::Reported { peer, busy }),
        }
    }

    /// Wakes these once nothing is locked any more.
    pub(crate) fn wake(&self, wakers: Vec<Waker>) {
        if !wakers.is_empty() {
            lock(&self.0).wakers.extend(wakers);
        }
    }

    /// Tells those who wait for an attempt how it has ended, once nothing is locked any more.
    pub(crate) fn outcome(&self, waiting: ordered::Sender<Outcome>, outcome: Result<(), RefusedReason>) {
        lock(&self.0).outcomes.push((waiting, outcome));
    }

    /// Tells what waits; to be called with nothing locked.
    pub(crate) fn tell(&self, ingress: &dyn Ingress) {
        let (wakers, outcomes) = {
            let mut queue = lock(&self.0);
            (mem::take(&mut queue.wakers), mem::take(&mut queue.outcomes))
        };
        wakers.into_iter().for_each(wake);
        outcomes.into_iter().for_each(|(waiting, outcome)| waiting.send_replace(Some(outcome)));
        if mem::replace(&mut lock(&self.0).telling, true) {
            return;
        }
        let unwinding = Unwinding(&self.0);
        loop {
            let event = {
                let mut queue = lock(&self.0);
                let event = queue.pop();
                queue.telling = event.is_some();
                event
            };
            match event {
                Some(LinkEvent::Up { peer, number, dialled }) => {
                    tracing::info!(target: "ember::link", peer = ingress.named(peer), number, dialled, "link up");
                    ingress.link_up(peer);
                }
                Some(LinkEvent::Down { peer, number, why, lost }) => {
                    tracing::info!(target: "ember::link", peer = ingress.named(peer), number, why = &*why, "link down");
                    if lost > 0 {
                        tracing::warn!(target: "ember::link", peer = ingress.named(peer), lost, "one-way calls were lost with their link");
                    }
                    ingress.link_down(peer, &why);
                }
                Some(LinkEvent::Late { peer, is_late }) => {
                    let what =
                        if is_late { "the peer's workers are held up" } else { "the peer's workers are free again" };
                    tracing::info!(target: "ember::link", peer = ingress.named(peer), "{what}");
                    ingress.link_late(peer, is_late);
                }
                Some(LinkEvent::Reported { peer, busy }) => ingress.reported(peer, &busy),
                Some(LinkEvent::Deserted(peer)) => ingress.deserted(peer),
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

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicBool, Ordering},
        task::Context,
    };

    use futures_util::future::BoxFuture;

    use super::*;
    use crate::{
        id::{Incarnation, NodeId, PublicKey},
        message::Arrivals,
        transport::protocol::Members,
    };

    fn peer(number: u64) -> NodeKey {
        NodeKey { id: NodeId(number), incarnation: Incarnation(1) }
    }

    /// Has more to tell of while it is told, tells it itself, and panics when it is asked to.
    #[derive(Default)]
    struct Told {
        events: Events,
        heard: Mutex<Vec<(bool, NodeKey)>>,
        busy: Mutex<Vec<(NodeKey, Load)>>,
        panics: AtomicBool,
    }

    impl Members for Told {
        fn key_of(&self, _: NodeKey) -> BoxFuture<'_, PublicKey> {
            Box::pin(std::future::pending())
        }

        fn newest(&self, _: NodeId) -> Option<Incarnation> {
            None
        }
    }

    impl Told {
        fn down(&self, number: u64) {
            self.events.push(LinkEvent::Down { peer: peer(number), number, why: "over".into(), lost: 0 });
        }

        fn up(&self, number: u64) {
            self.events.push(LinkEvent::Up { peer: peer(number), number, dialled: true });
        }
    }

    impl Ingress for Told {
        fn calls(&self, _: NodeKey, _: &mut dyn Arrivals<'_>, _: &mut Context<'_>) {}

        fn link_up(&self, up: NodeKey) {
            self.down(up.id.0);
            if up.id.0 < 4 {
                self.up(up.id.0 + 1);
            }
            self.events.tell(self);
            // That told nothing yet: this one is still being told.
            lock(&self.heard).push((true, up));
            assert!(!self.panics.swap(false, Ordering::Relaxed), "as it was asked to");
        }

        fn link_down(&self, down: NodeKey, _: &str) {
            lock(&self.heard).push((false, down));
        }

        fn reported(&self, peer: NodeKey, busy: &[(u64, Load)]) {
            assert!(lock(&self.heard).contains(&(true, peer)), "its link is told of before");
            lock(&self.busy).extend(busy.iter().map(|(_, load)| (peer, *load)));
        }
    }

    #[test]
    fn what_happens_while_something_is_told_is_told_after_it_and_once() {
        let told = Told::default();
        told.up(1);
        told.events.tell(&told);
        let heard = [(true, 1), (false, 1), (true, 2), (false, 2), (true, 3), (false, 3), (true, 4), (false, 4)];
        assert_eq!(*lock(&told.heard), heard.map(|(up, number)| (up, peer(number))));
        assert!(!lock(&told.events.0).telling, "the next one tells again");
    }

    #[test]
    fn a_report_is_told_after_its_link_and_the_last_before_another_change_alone() {
        let told = Told::default();
        let report = |number, waiting| told.events.push_report(peer(number), vec![(7, Load::new(1, waiting))]);
        told.up(4);
        (0..100).for_each(|waiting| report(4, waiting));
        told.up(5);
        (0..3).for_each(|waiting| report(5, waiting));
        report(4, 200);
        told.down(4);
        report(4, 300);
        told.events.tell(&told);
        let heard: Vec<_> = lock(&told.busy).iter().map(|(peer, load)| (peer.id.0, load.waiting)).collect();
        assert_eq!(heard, [(4, 200), (5, 2), (4, 300)]);
    }

    #[test]
    fn after_a_panic_while_something_is_told_the_next_one_tells_the_rest() {
        let told = Told::default();
        told.panics.store(true, Ordering::Relaxed);
        told.up(4);
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| told.events.tell(&told)));
        assert!(panicked.is_err());
        assert_eq!(*lock(&told.heard), [(true, peer(4))]);
        told.events.tell(&told);
        assert_eq!(*lock(&told.heard), [(true, peer(4)), (false, peer(4))]);
    }
}
