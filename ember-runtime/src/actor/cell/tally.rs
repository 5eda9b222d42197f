//! How far the shards of a service are, taken together: counted as they change, however many there are.

use std::sync::Mutex;

use tokio::sync::Notify;

use crate::{actor::about::ServiceState, sync::lock};

/// How many shards there are in each state.
pub(super) struct Tally {
    counts: Mutex<Counts>,
    /// One has changed.
    pub(super) changed: Notify,
}

#[derive(Debug, Default, Clone, Copy)]
struct Counts([u32; 6]);

impl Tally {
    /// Of so many that have not been started.
    pub(super) fn new(shards: usize) -> Self {
        let mut counts = Counts::default();
        counts.0[ServiceState::Starting as usize] = shards as u32;
        Self { counts: Mutex::new(counts), changed: Notify::new() }
    }

    /// One has changed.
    pub(super) fn moved(&self, from: ServiceState, to: ServiceState) {
        let mut counts = lock(&self.counts);
        counts.0[from as usize] -= 1;
        counts.0[to as usize] += 1;
        drop(counts);
        self.changed.notify_one();
    }

    /// One of them has come to its end, which is that of all.
    pub(super) fn has_one_ended(&self) -> bool {
        lock(&self.counts).ended() > 0
    }

    /// The state of the whole. One that is started again keeps its mailbox, and the others take calls meanwhile.
    pub(super) fn joint(&self, is_established: bool, all_retire: bool) -> ServiceState {
        let counts = *lock(&self.counts);
        counts.joint(is_established, all_retire)
    }
}

impl Counts {
    fn of(self, state: ServiceState) -> u32 {
        self.0[state as usize]
    }

    fn ended(self) -> u32 {
        self.of(ServiceState::Stopped) + self.of(ServiceState::Failed)
    }

    fn joint(self, is_established: bool, all_retire: bool) -> ServiceState {
        use ServiceState as State;
        let all: u32 = self.0.iter().sum();
        match self.ended() {
            ended if ended == all && self.of(State::Failed) > 0 => State::Failed,
            ended if ended == all => State::Stopped,
            ended if ended > 0 || all_retire || self.of(State::Retiring) == all => State::Retiring,
            _ if !is_established => State::Starting,
            _ if self.of(State::Paused) > 0 && self.of(State::Running) == 0 => State::Paused,
            _ => State::Running,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ServiceState::{Failed, Paused, Retiring, Running, Starting, Stopped};

    #[test]
    fn the_state_of_all_is_that_of_each_taken_together() {
        let cases = [
            (&[Starting, Running][..], false, Starting),
            (&[Starting, Running], true, Running),
            (&[Starting, Starting], true, Running),
            (&[Paused, Paused], true, Paused),
            (&[Paused, Starting], true, Paused),
            (&[Paused, Running], true, Running),
            (&[Retiring, Running], true, Running),
            (&[Retiring, Retiring], true, Retiring),
            (&[Failed, Running], true, Retiring),
            (&[Failed, Starting], false, Retiring),
            (&[Stopped, Running], true, Retiring),
            (&[Failed, Stopped], true, Failed),
            (&[Stopped, Stopped], true, Stopped),
        ];
        for (shards, is_established, expected) in cases {
            let tally = Tally::new(shards.len());
            shards.iter().filter(|state| **state != Starting).for_each(|state| tally.moved(Starting, *state));
            assert_eq!(tally.joint(is_established, false), expected, "{shards:?}");
            let is_over = expected == Failed || expected == Stopped;
            assert_eq!(tally.joint(is_established, true), if is_over { expected } else { Retiring }, "{shards:?}");
            assert_eq!(tally.has_one_ended(), shards.iter().any(|state| state.has_ended()), "{shards:?}");
        }
    }
}
