//! What leaves a service, and waits until what it follows from is acknowledged.

use std::{
    collections::{BTreeMap, VecDeque},
    mem,
};

use crate::message::{MOST_UNSETTLED, Settled};

/// In the order in which it was made; one thread at a time lets it go, so that it leaves in that order.
#[derive(Default)]
pub(super) struct Leaving {
    /// For the record of this index.
    waiting: BTreeMap<u64, Vec<Settled>>,
    /// To be told this.
    ready: VecDeque<(Settled, bool)>,
    /// How much there is of both.
    count: u64,
    /// Somebody tells it.
    is_told: bool,
}

impl Leaving {
    /// Whether something has not left: what is made now leaves after it.
    pub(super) fn has_some(&self) -> bool {
        self.is_told || !self.ready.is_empty()
    }

    /// Whether something waits for a record.
    pub(super) fn has_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Whether nothing more is to wait that can be refused.
    pub(super) fn is_full(&self) -> bool {
        self.count >= MOST_UNSETTLED
    }

    /// This one waits for the record of this index.
    pub(super) fn wait(&mut self, index: u64, then: Settled) {
        self.count += 1;
        self.waiting.entry(index).or_default().push(then);
    }

    /// It is known what has come of that, but others are before it.
    pub(super) fn follow(&mut self, then: Settled, well: bool) {
        self.count += 1;
        self.ready.push_back((then, well));
    }

    /// All is acknowledged up to this index.
    pub(super) fn settle(&mut self, acknowledged: u64) {
        if self.waiting.first_key_value().is_some_and(|(index, _)| *index <= acknowledged) {
            let later = self.waiting.split_off(&(acknowledged + 1));
            let settled = mem::replace(&mut self.waiting, later);
            self.ready.extend(settled.into_values().flatten().map(|then| (then, true)));
        }
    }

    /// Nobody will know here what has come of it.
    pub(super) fn give_up(&mut self) {
        let lost = mem::take(&mut self.waiting);
        self.ready.extend(lost.into_values().flatten().map(|then| (then, false)));
    }

    /// Whether there is something to tell, and nobody who does.
    pub(super) fn has_to_tell(&self) -> bool {
        !self.is_told && !self.ready.is_empty()
    }

    /// The first to be told, if nobody tells already. Whoever gets one goes on until there is none.
    pub(super) fn tells(&mut self) -> Option<(Settled, bool)> {
        if self.is_told { None } else { self.tells_on() }
    }

    /// The next to be told.
    pub(super) fn tells_on(&mut self) -> Option<(Settled, bool)> {
        let next = self.ready.pop_front();
        self.is_told = next.is_some();
        self.count -= u64::from(next.is_some());
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_waits_than_may() {
        let mut leaving = Leaving::default();
        for index in 0..MOST_UNSETTLED {
            assert!(!leaving.is_full());
            leaving.wait(index, Box::new(|_| {}));
        }
        assert!(leaving.is_full());
        leaving.settle(0);
        assert!(leaving.is_full() && leaving.tells().is_some() && !leaving.is_full());
        assert!(leaving.has_some() && leaving.tells_on().is_none() && !leaving.has_some());
    }
}
