//! What the subscribers of a node want of other nodes, as one who says it to one of them follows it.

use std::sync::Arc;

use super::{bus::Bus, interest::Wants};
use crate::sync::ordered;

/// It is read anew whenever it has changed since it was read: whoever waited for the change, or did not.
pub(crate) struct Followed {
    bus: Arc<Bus>,
    changes: ordered::Receiver<()>,
    read: Option<Arc<Wants>>,
}

impl Followed {
    pub(crate) fn of(bus: Arc<Bus>) -> Self {
        let changes = bus.changes();
        Self { bus, changes, read: None }
    }

    /// As it is now.
    pub(crate) fn now(&mut self) -> Arc<Wants> {
        if self.changes.has_changed() {
            // Before it is read: what changes meanwhile is read the next time. And only here: what changes after that look must not pass for seen.
            self.changes.mark_unchanged();
            self.read = None;
        }
        let Self { bus, read, .. } = self;
        Arc::clone(read.get_or_insert_with(|| Arc::new(bus.wants())))
    }

    /// Waits until it is another than was read last. It is for [`now`](Self::now) alone to take that for seen. Cancel safe.
    pub(crate) async fn changed(&self) {
        let _closed = self.changes.unseen().await;
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        thread,
    };

    use super::*;
    use crate::id::{Incarnation, NodeId, NodeKey};

    #[tokio::test]
    async fn a_change_that_was_waited_for_is_read_all_the_same() {
        let changed = ordered::Sender::default();
        let bus = Arc::new(Bus::new(NodeKey { id: NodeId(1), incarnation: Incarnation(1) }));
        let mut followed = Followed { bus, changes: changed.subscribe(), read: None };
        let first = followed.now();
        assert!(Arc::ptr_eq(&first, &followed.now()), "it is not read twice");
        changed.send_replace(());
        followed.changed().await;
        followed.changed().await;
        assert!(!Arc::ptr_eq(&first, &followed.now()));
    }

    #[test]
    fn a_change_that_comes_while_it_is_looked_at_is_read_then_or_the_next_time() {
        const CHANGES: usize = 1_000;
        let changed = ordered::Sender::default();
        let bus = Arc::new(Bus::new(NodeKey { id: NodeId(1), incarnation: Incarnation(1) }));
        let mut followed = Followed { bus, changes: changed.subscribe(), read: None };
        let (sent, read) = (AtomicUsize::new(0), AtomicUsize::new(0));
        thread::scope(|scope| {
            scope.spawn(|| {
                for change in 1..=CHANGES {
                    while read.load(Ordering::Acquire) < change {
                        thread::yield_now();
                    }
                    changed.send_replace(());
                    sent.store(change, Ordering::Release);
                }
            });
            let mut lost = 0;
            for change in 1..=CHANGES {
                let before = followed.now();
                read.store(change, Ordering::Release);
                for looks in 0_u32.. {
                    let is_sent = sent.load(Ordering::Acquire) == change;
                    let now = followed.now();
                    if is_sent {
                        lost += usize::from(Arc::ptr_eq(&before, &now));
                        break;
                    }
                    // Not each time: most changes are to come amid a look.
                    if looks % 256 == 255 {
                        thread::yield_now();
                    }
                }
            }
            assert_eq!(lost, 0);
        });
    }
}
