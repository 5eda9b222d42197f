//! What a node knows of each peer: at most one link, or one attempt at a link.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tokio::{task::AbortHandle, time::Instant};

use super::events::{Events, Outcome};
use crate::{
    id::{Incarnation, NodeId, NodeKey},
    rng::Rng,
    sync::ordered,
    transport::link::Session,
};

/// The first back-off after a failed dial; doubled with each further one.
const FIRST_BACKOFF: Duration = Duration::from_millis(50);
const LAST_BACKOFF: Duration = Duration::from_secs(2);

#[derive(Debug, Default)]
pub(crate) struct Table {
    /// The node is shutting down: no new links.
    pub(crate) closed: bool,
    pub(crate) peers: BTreeMap<NodeId, Entry>,
}

#[derive(Debug)]
pub(crate) struct Entry {
    /// The newest run of the peer that a link has reached.
    pub(crate) newest: Incarnation,
    pub(crate) state: State,
    /// Failed attempts, one after the other.
    pub(crate) failures: u32,
    /// No dial of the run that has failed before then.
    pub(crate) not_before: Option<Instant>,
    /// The newest run of the peer that has failed.
    failed: Incarnation,
}

#[derive(Debug)]
pub(crate) enum State {
    Idle,
    Connecting(Connecting),
    Up(Arc<Session>),
}

/// An attempt, and those who wait for it.
#[derive(Debug)]
pub(crate) struct Connecting {
    pub(crate) target: NodeKey,
    pub(crate) how: How,
    pub(crate) outcome: ordered::Sender<Outcome>,
}

#[derive(Debug)]
pub(crate) enum How {
    /// This node dials.
    Dial { attempt: u64, task: AbortHandle },
    /// The peer has dialled, and its data stream is awaited.
    Accept(Arc<Session>),
}

impl Table {
    /// Whether there is an entry, but neither a link nor an attempt at one.
    pub(crate) fn is_idle(&self, node: NodeId) -> bool {
        self.peers.get(&node).is_some_and(|slot| matches!(slot.state, State::Idle))
    }
}

impl Default for Entry {
    fn default() -> Self {
        Self { newest: Incarnation(0), state: State::Idle, failures: 0, not_before: None, failed: Incarnation(0) }
    }
}

impl Entry {
    /// Until when a dial of this run is to wait. What has become of an earlier one says nothing of a later.
    pub(crate) fn pause(&mut self, run: Incarnation) -> Option<Instant> {
        self.begin(run);
        self.not_before.filter(|&until| until > Instant::now())
    }

    fn begin(&mut self, run: Incarnation) {
        if run > self.failed {
            (self.failures, self.not_before, self.failed) = (0, None, run);
        }
    }

    /// Notes a failure of this run.
    pub(crate) fn back_off(&mut self, run: Incarnation, rng: &Rng) {
        self.begin(run);
        let longest = FIRST_BACKOFF.saturating_mul(1 << self.failures.min(10)).min(LAST_BACKOFF);
        self.failures = self.failures.saturating_add(1);
        self.not_before = Some(Instant::now() + rng.jitter(longest));
    }

    /// Ends an attempt without telling its outcome, and gives away those who wait for it. The caller has the table locked, and
    /// tells the events later.
    pub(crate) fn take_over(&mut self, why: &str, events: &Events) -> Option<ordered::Sender<Outcome>> {
        match std::mem::replace(&mut self.state, State::Idle) {
            State::Connecting(Connecting { how, outcome, .. }) => {
                match how {
                    How::Dial { task, .. } => task.abort(),
                    How::Accept(session) => events.wake(session.close(why).1),
                }
                Some(outcome)
            }
            other => {
                self.state = other;
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn pauses_between_dials_of_one_run_double_up_to_two_seconds() {
        let (now, most) =
            (Instant::now(), |failures: u32| FIRST_BACKOFF.saturating_mul(1 << failures).min(LAST_BACKOFF));
        let longest = (0..50).map(|seed| {
            let (rng, mut slot) = (Rng::from_seed(seed), Entry::default());
            (0..12_u32).map(move |failures| {
                slot.back_off(Incarnation(7), &rng);
                let until = slot.pause(Incarnation(7)).unwrap_or(now);
                assert!(until <= now + most(failures), "after {failures} failures: {:?}", until - now);
                until - now
            })
        });
        let longest = longest.fold([Duration::ZERO; 12], |mut longest, pauses| {
            longest.iter_mut().zip(pauses).for_each(|(longest, pause)| *longest = pause.max(*longest));
            longest
        });
        for (failures, longest) in (0..).zip(longest) {
            assert!(longest > most(failures) * 3 / 4, "of 50 nodes one waits nearly so long: {longest:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_later_run_does_not_wait_for_what_an_earlier_one_failed() {
        let (rng, mut slot) = (Rng::from_seed(1), Entry::default());
        for _ in 0..10 {
            slot.back_off(Incarnation(7), &rng);
        }
        let until = slot.pause(Incarnation(7));
        assert!(until.is_some(), "this run has failed");
        assert_eq!(slot.pause(Incarnation(6)), until, "nor is an earlier one better");
        assert_eq!((slot.pause(Incarnation(8)), slot.failures), (None, 0));
        // It fails on its own account.
        slot.back_off(Incarnation(8), &rng);
        let until = slot.pause(Incarnation(8)).expect("it has failed");
        assert!(until <= Instant::now() + FIRST_BACKOFF, "for the first time");
    }
}
