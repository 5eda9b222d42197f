//! What one subscriber has missed and was not told yet.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use crate::{
    actor::{Missed, MissedReason, Scope},
    id::NodeKey,
    sync::lock,
};

/// On its way to the subscriber: it grows until that is told, or gets the next event.
#[derive(Debug)]
pub(super) struct Open(Mutex<(Missed, bool)>);

impl Open {
    /// What there is to tell; from now on it does not grow.
    pub(super) fn close(&self) -> Missed {
        let mut now = lock(&self.0);
        now.1 = true;
        now.0
    }

    /// Takes these in, unless it was told.
    fn add(&self, more: &Missed) -> bool {
        let mut now = lock(&self.0);
        let (missed, closed) = &mut *now;
        if *closed {
            return false;
        }
        missed.count = missed.count.zip(more.count).map(|(a, b)| a.saturating_add(b));
        true
    }

    fn is_closed(&self) -> bool {
        lock(&self.0).1
    }
}

/// What one note is of.
type Of = (NodeKey, Scope, MissedReason);

/// Of each publisher, scope and reason, the newest: so there are few, however much is missed while its subscriber stands still.
#[derive(Debug, Default)]
pub(super) struct Misses {
    open: Mutex<Vec<(Of, Arc<Open>)>>,
    /// Whether there are any: to be looked at with each event.
    any: AtomicBool,
}

impl Misses {
    /// Notes what was missed. What is returned is to be told, in its place; nothing if it has joined what is on its way already.
    pub(super) fn note(&self, missed: Missed) -> Option<Arc<Open>> {
        let of = (missed.publisher, missed.scope, missed.why);
        let mut open = lock(&self.open);
        if open.iter().any(|(its, note)| *its == of && note.add(&missed)) {
            return None;
        }
        open.retain(|(_, note)| !note.is_closed());
        let note = Arc::new(Open(Mutex::new((missed, false))));
        open.push((of, Arc::clone(&note)));
        self.any.store(true, Ordering::Release);
        Some(note)
    }

    /// It has an event of this publisher: what it misses from now on comes after that.
    pub(super) fn passed(&self, publisher: NodeKey, scope: Scope) {
        if self.any.load(Ordering::Acquire) {
            let mut open = lock(&self.open);
            open.retain(|((of, its, _), _)| (*of, *its) != (publisher, scope));
            self.any.store(!open.is_empty(), Ordering::Release);
        }
    }
}

impl MissedReason {
    /// The same in words, for the log.
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::MailboxFull => {
                "its mailbox is full, for which `Hosted::mailbox` makes room; or it is paused, and takes nothing"
            }
            Self::NotSent => {
                "they were not sent: this node could not be reached or was slow, so that too many waited for it; or they are too large, of which the log of their publisher has an error"
            }
            Self::Unreadable => "they could not be read",
            Self::PublisherLost => "their publisher is gone",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{Incarnation, NodeId};

    fn missed(node: u64, count: Option<u64>, why: MissedReason) -> Missed {
        let publisher = NodeKey { id: NodeId(node), incarnation: Incarnation(1) };
        Missed { publisher, event: "Rain", scope: Scope::Cluster, count, why }
    }

    #[test]
    fn what_is_missed_in_a_row_is_one_note_until_it_is_told() {
        let misses = Misses::default();
        let one = |count| missed(1, Some(count), MissedReason::MailboxFull);
        let first = misses.note(one(1)).unwrap();
        assert!(misses.note(one(2)).is_none());
        assert!(misses.note(missed(2, Some(9), MissedReason::MailboxFull)).is_some(), "of another publisher");
        assert_eq!(first.close().count, Some(3));
        let second = misses.note(one(4)).unwrap();
        assert_eq!(second.close().count, Some(4), "what was told stays told");
    }

    #[test]
    fn an_event_between_keeps_what_is_missed_before_and_after_it_apart() {
        let misses = Misses::default();
        let one = || missed(1, Some(1), MissedReason::MailboxFull);
        let first = misses.note(one()).unwrap();
        misses.passed(one().publisher, Scope::Cluster);
        let second = misses.note(one()).unwrap();
        assert_eq!((first.close().count, second.close().count), (Some(1), Some(1)));
        let other = misses.note(missed(1, None, MissedReason::PublisherLost)).unwrap();
        assert_eq!(other.close().count, None, "another reason is another note");
    }

    #[test]
    fn reasons_that_alternate_are_one_note_each_and_what_was_told_is_not_kept() {
        let misses = Misses::default();
        let why = |which| if which % 2 == 0 { MissedReason::MailboxFull } else { MissedReason::NotSent };
        let notes: Vec<_> = (0..10).filter_map(|which| misses.note(missed(1, Some(1), why(which)))).collect();
        assert_eq!(notes.iter().map(|note| note.close().count).collect::<Vec<_>>(), [Some(5), Some(5)]);
        for run in 2..100 {
            misses.note(missed(run, None, MissedReason::PublisherLost)).unwrap().close();
        }
        assert!(lock(&misses.open).len() <= 1, "runs that are gone leave nothing");
    }
}
