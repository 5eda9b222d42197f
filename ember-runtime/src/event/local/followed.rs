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

    /// The same with how many they are, of which not every change is news.
    pub(crate) fn counted(&mut self) -> Arc<Wants> {
        self.read = None;
        self.now()
    }

    /// Waits until it is another than was read last. It is for [`now`](Self::now) alone to take that for seen. Cancel safe.
    pub(crate) async fn changed(&self) {
        let _closed = self.changes.unseen().await;
    }
}

#[cfg(test)]
mod tests {
    use std::{
        hint,
        sync::atomic::{AtomicU32, Ordering},
        thread,
    };

    use super::*;
    use crate::{
        event::{
            kinds::{Event, of_event},
            local::topic::tests::Retains,
        },
        id::{Incarnation, NodeId, NodeKey},
        message::{Schema, schema},
    };

    #[derive(serde::Serialize, serde::Deserialize)]
    struct Wind;

    impl Schema for Wind {
        fn shape(types: &mut schema::Types) -> schema::Shape {
            <()>::shape(types)
        }
    }

    impl Event for Wind {
        const NAME: &'static str = "wind of those who follow";
    }

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
        const CHANGES: u32 = 20_000;
        let changed = ordered::Sender::default();
        let bus = Arc::new(Bus::new(NodeKey { id: NodeId(1), incarnation: Incarnation(1) }));
        let mut followed = Followed { bus: Arc::clone(&bus), changes: changed.subscribe(), read: None };
        let (known, made) = (of_event::<Wind>(), AtomicU32::new(0));
        thread::scope(|scope| {
            scope.spawn(|| {
                for change in 1..=CHANGES {
                    bus.topic_of(known).enter(change.into(), Arc::new(Retains));
                    changed.send_replace(());
                    made.store(change, Ordering::Release);
                    // There is a look before the next change, which would be read in any case.
                    (0..200).for_each(|_| hint::spin_loop());
                }
            });
            let (mut looks, mut last) = (0_u32, 0);
            while last < CHANGES {
                last = made.load(Ordering::Acquire);
                let seen = followed.now().get(&known.id).map_or(0, |want| want.cluster);
                assert!(last <= seen, "{last} were made, and {seen} seen");
                looks = looks.wrapping_add(1);
                if looks % 1024 == 0 {
                    thread::yield_now();
                }
            }
        });
    }
}
