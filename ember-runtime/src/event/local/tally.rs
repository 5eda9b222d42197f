//! What became of events at the subscribers of a node.

use std::ops::Range;

/// What became of an event at a subscriber.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Given {
    Taken,
    /// Its mailbox has no room, or takes nothing for now.
    Full,
    /// It takes no new work: it is a subscriber no more.
    Ended,
}

/// What became of an event on this node.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) taken: usize,
    /// Mailboxes that were full.
    pub(crate) full: usize,
}

/// The same of each of several that were given together.
#[derive(Debug, Default)]
pub(crate) struct Tallies {
    count: usize,
    /// At those subscribers where the same became of all.
    alike: Tally,
    /// At the others, if there are any.
    each: Vec<Tally>,
}

impl Tally {
    fn note(&mut self, given: Given) {
        match given {
            Given::Taken => self.taken += 1,
            Given::Full => self.full += 1,
            Given::Ended => {}
        }
    }
}

impl Tallies {
    /// Of so many.
    pub(super) fn new(count: usize) -> Self {
        Self { count, ..Self::default() }
    }

    /// This became of these at one subscriber.
    pub(super) fn note(&mut self, which: Range<usize>, given: Given) {
        if which.len() == self.count {
            return self.alike.note(given);
        }
        if which.is_empty() {
            return;
        }
        self.each.resize_with(self.count, Tally::default);
        self.each.iter_mut().take(which.end).skip(which.start).for_each(|tally| tally.note(given));
    }

    /// This became of the one at this place at several of them.
    pub(super) fn add(&mut self, place: usize, Tally { taken, full }: Tally) {
        self.each.resize_with(self.count, Tally::default);
        if let Some(each) = self.each.get_mut(place) {
            each.taken += taken;
            each.full += full;
        }
    }

    /// What became of the one at this place.
    pub(crate) fn of(&self, place: usize) -> Tally {
        let Tally { taken, full } = self.each.get(place).copied().unwrap_or_default();
        Tally { taken: self.alike.taken + taken, full: self.alike.full + full }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_what_became_of_all_and_what_became_of_it() {
        let mut tallies = Tallies::new(3);
        tallies.note(0..3, Given::Taken);
        tallies.note(0..3, Given::Ended);
        tallies.note(0..2, Given::Taken);
        tallies.note(2..3, Given::Full);
        tallies.add(2, Tally { taken: 3, full: 4 });
        let expected = [(2, 0), (2, 0), (4, 5), (1, 0)].map(|(taken, full)| Tally { taken, full });
        assert_eq!([0, 1, 2, 3].map(|place| tallies.of(place)), expected);
    }
}
