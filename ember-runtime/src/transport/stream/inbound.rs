//! The calls of a peer that are in progress here: which of them the peer still waits for.

use std::{
    collections::BTreeMap,
    mem,
    task::{Poll, Waker},
};

use super::pending::PARTS;
use crate::{
    sync::watch,
    transport::protocol::{Correlation, Malformed},
};

/// So many slots there are at once.
const FEW: usize = 64;

/// Per slot of the peer, the generation of the call that it waits for.
///
/// A peer takes a new slot only when the ones before are in use, so that its slots are a table here, which doubles when they come to
/// its end. But the number of a slot is the peer's word: the table grows only after as many calls as it takes to fill it, and what
/// is further away costs its own memory, for as long as the call lasts.
#[derive(Debug, Default)]
pub(crate) struct Inbound {
    /// 0 for none.
    generations: Vec<u32>,
    /// Those behind the table.
    far: BTreeMap<u32, u32>,
    /// The calls that have come since the table has grown.
    since: usize,
    live: usize,
    /// By slot: who wants to hear that the caller has given up. Few: only methods that can be cancelled ask.
    listeners: BTreeMap<u32, Option<Waker>>,
}

impl Inbound {
    /// A call has come; its slot is less than [`MAX_PENDING`](super::pending::MAX_PENDING). Whether the slot still held an
    /// older one, which its caller has given up, and who wants to hear of that: to be woken with nothing locked.
    ///
    /// # Errors
    /// It is in progress already: a peer that gave one name to many calls could wait for all of them with the credit of none.
    pub(crate) fn begin(&mut self, call: Correlation) -> Result<(bool, Option<Waker>), Malformed> {
        self.since += 1;
        let held = match self.generations.get_mut(call.index as usize) {
            Some(slot) => mem::replace(slot, call.generation),
            None => self.begin_behind(call),
        };
        if held == call.generation {
            return Err(Malformed::SLOT);
        }
        let held = held != 0;
        self.live += usize::from(!held);
        Ok((held, self.listener(call.index)))
    }

    /// The same for a slot that is not in the table; the generation that it held, or 0.
    #[cold]
    fn begin_behind(&mut self, call: Correlation) -> u32 {
        let (index, size) = (call.index as usize, self.generations.len());
        let larger = (2 * size).max(FEW);
        // A caller that uses one part of its slots only takes each of its calls `PARTS` slots further.
        if index >= larger || self.since < size / 2 / PARTS {
            return self.far.insert(call.index, call.generation).unwrap_or(0);
        }
        self.since = 0;
        self.generations.resize(larger, 0);
        let behind = u32::try_from(larger).map_or_else(|_| BTreeMap::new(), |end| self.far.split_off(&end));
        for (index, generation) in mem::replace(&mut self.far, behind) {
            self.generations[index as usize] = generation;
        }
        mem::replace(&mut self.generations[index], call.generation)
    }

    /// The call was answered or cancelled. Whether its caller waited until now, and who wants to hear of it: to be woken with
    /// nothing locked.
    pub(crate) fn end(&mut self, call: Correlation) -> (bool, Option<Waker>) {
        let waits = self.waits(call);
        let mut listener = None;
        if waits {
            match self.generations.get_mut(call.index as usize) {
                Some(slot) => *slot = 0,
                None => drop(self.far.remove(&call.index)),
            }
            self.live -= 1;
            listener = self.listener(call.index);
        }
        (waits, listener)
    }

    /// Ready once the caller does not wait any more. `None` if it does, and `spare` has to hold a clone of `task` first; see [`watch`].
    pub(crate) fn poll_ended(
        &mut self,
        call: Correlation,
        task: &Waker,
        spare: &mut Option<Waker>,
    ) -> Option<Poll<()>> {
        if !self.waits(call) {
            return Some(Poll::Ready(()));
        }
        watch(self.listeners.entry(call.index).or_default(), task, spare).then_some(Poll::Pending)
    }

    /// The link is closed: those who listen shall look again.
    pub(crate) fn wake_all(&mut self) -> Vec<Waker> {
        mem::take(&mut self.listeners).into_values().flatten().collect()
    }

    fn listener(&mut self, index: u32) -> Option<Waker> {
        if self.listeners.is_empty() { None } else { self.listeners.remove(&index)? }
    }

    /// Whether the caller still waits.
    pub(crate) fn waits(&self, call: Correlation) -> bool {
        let slot = self.generations.get(call.index as usize);
        slot.or_else(|| self.far.get(&call.index)) == Some(&call.generation)
    }

    /// How many calls are in progress.
    pub(crate) fn live(&self) -> usize {
        self.live
    }
}

#[cfg(test)]
mod tests {
    use super::super::pending::MAX_PENDING;
    use super::*;

    #[test]
    fn a_reused_slot_tells_the_old_call_that_nobody_waits() {
        let mut inbound = Inbound::default();
        let (old, new) = (Correlation { index: 5, generation: 1 }, Correlation { index: 5, generation: 2 });
        assert!(!inbound.begin(old).unwrap().0 && inbound.begin(new).unwrap().0);
        assert!(inbound.begin(new).is_err(), "one name, one call");
        assert!(!inbound.waits(old) && inbound.waits(new));
        assert!(!inbound.end(old).0);
        assert!(inbound.end(new).0 && !inbound.end(new).0);
        assert_eq!(inbound.live(), 0);
    }

    fn calls(indices: impl Iterator<Item = u32>) -> impl Iterator<Item = Correlation> {
        indices.map(|index| Correlation { index, generation: index + 1 })
    }

    #[test]
    fn the_number_of_a_slot_reserves_nothing() {
        // One far away, then each as far as the table would grow.
        let claimed = [MAX_PENDING as u32 - 1].into_iter().chain((0..20).map(|bit| (1 << bit) - 1));
        let mut inbound = Inbound::default();
        for call in calls(claimed.clone()) {
            inbound.begin(call).unwrap();
        }
        assert!(inbound.generations.len() <= 4 * FEW, "{} slots for 21 calls", inbound.generations.len());
        assert!(calls(claimed.clone()).all(|call| inbound.waits(call)));
        assert!(calls(claimed).all(|call| inbound.end(call).0 && !inbound.waits(call)));
        assert_eq!((inbound.live(), inbound.far.len()), (0, 0));
    }

    #[test]
    fn slots_that_are_taken_one_after_the_other_are_a_table() {
        for step in [1, PARTS as u32] {
            let mut inbound = Inbound::default();
            // It knows the last of them before it is their turn.
            inbound.begin(Correlation { index: 9_999 * step, generation: 7 }).unwrap();
            for call in calls((0..9_999).map(|index| index * step)) {
                inbound.begin(call).unwrap();
                assert_eq!(inbound.far.len(), usize::from(inbound.generations.len() <= 9_999 * step as usize));
            }
            assert!(inbound.waits(Correlation { index: 9_999 * step, generation: 7 }));
            assert_eq!(inbound.live(), 10_000);
        }
    }
}
