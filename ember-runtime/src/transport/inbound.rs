//! The calls of a peer that are in progress here: which of them the peer still waits for.

use std::{
    collections::BTreeMap,
    task::{Context, Poll, Waker},
};

use super::wire::Correlation;

/// Per slot of the peer, the generation of the call that it waits for; 0 for none. No larger than the peer's slab.
#[derive(Debug, Default)]
pub(super) struct Inbound {
    generations: Vec<u32>,
    live: usize,
    /// By slot: who wants to hear that the caller has given up. Few: only methods that can be cancelled ask.
    listeners: BTreeMap<u32, Waker>,
}

impl Inbound {
    /// A call has come; its slot is less than [`MAX_PENDING`](super::pending::MAX_PENDING). Whether the slot still held an
    /// older one, which its caller has given up.
    pub(super) fn begin(&mut self, call: Correlation) -> bool {
        let index = call.index as usize;
        if index >= self.generations.len() {
            self.generations.resize((index + 1).next_power_of_two(), 0);
        }
        let slot = &mut self.generations[index];
        let held = *slot != 0;
        *slot = call.generation;
        self.live += usize::from(!held);
        self.wake(call.index);
        held
    }

    /// The call was answered or cancelled. Whether its caller waited until now.
    pub(super) fn end(&mut self, call: Correlation) -> bool {
        let waits = self.waits(call);
        if waits {
            self.generations[call.index as usize] = 0;
            self.live -= 1;
            self.wake(call.index);
        }
        waits
    }

    /// Ready once the caller does not wait any more.
    pub(super) fn poll_ended(&mut self, call: Correlation, cx: &mut Context<'_>) -> Poll<()> {
        if !self.waits(call) {
            return Poll::Ready(());
        }
        self.listeners.insert(call.index, cx.waker().clone());
        Poll::Pending
    }

    /// The link is closed: those who listen shall look again.
    pub(super) fn wake_all(&mut self) -> Vec<Waker> {
        std::mem::take(&mut self.listeners).into_values().collect()
    }

    fn wake(&mut self, index: u32) {
        if self.listeners.is_empty() {
            return;
        }
        if let Some(waker) = self.listeners.remove(&index) {
            waker.wake();
        }
    }

    /// Whether the caller still waits.
    pub(super) fn waits(&self, call: Correlation) -> bool {
        self.generations.get(call.index as usize) == Some(&call.generation)
    }

    /// How many calls are in progress.
    pub(super) fn live(&self) -> usize {
        self.live
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reused_slot_tells_the_old_call_that_nobody_waits() {
        let mut inbound = Inbound::default();
        let (old, new) = (Correlation { index: 5, generation: 1 }, Correlation { index: 5, generation: 2 });
        assert!(!inbound.begin(old) && inbound.begin(new));
        assert!(!inbound.waits(old) && inbound.waits(new));
        assert!(!inbound.end(old));
        assert!(inbound.end(new) && !inbound.end(new));
        assert_eq!(inbound.live(), 0);
    }
}
