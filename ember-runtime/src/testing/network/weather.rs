//! What the network does to packets, as far as turmoil leaves it to us.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use crate::rng::Rng;
use crate::sync::lock;

/// The shortest time after which TCP sends a lost packet again; it doubles each time.
const AGAIN: Duration = Duration::from_millis(200);
/// The same for the packet that opens a connection.
const OPEN_AGAIN: Duration = Duration::from_secs(1);
/// TCP sends no packet more often than this.
const TRIES: u32 = 12;

/// Shared by all hosts of a simulation.
#[derive(Debug, Clone)]
pub(in crate::testing) struct Weather {
    rng: Rng,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    loss: f64,
    /// From, to.
    cut: BTreeSet<(String, String)>,
    /// Hosts on which nothing runs.
    idle: BTreeSet<String>,
}

impl Weather {
    pub(in crate::testing) fn new(rng: Rng, loss: f64) -> Self {
        Self { rng, state: Arc::new(Mutex::new(State { loss, cut: BTreeSet::new(), idle: BTreeSet::new() })) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    pub(in crate::testing) fn set_loss(&self, loss: f64) {
        self.lock().loss = loss;
    }

    pub(in crate::testing) fn cut(&self, from: &str, to: &str) {
        self.lock().cut.insert((from.into(), to.into()));
    }

    pub(in crate::testing) fn mend(&self, from: &str, to: &str) {
        self.lock().cut.remove(&(from.into(), to.into()));
    }

    /// Whether packets are swallowed in one of the two directions: then no connection can be made.
    pub(in crate::testing) fn is_cut(&self, a: &str, b: &str) -> bool {
        self.lock().cut.iter().any(|(from, to)| (from == a && to == b) || (from == b && to == a))
    }

    /// Says whether anything runs on a host.
    pub(in crate::testing) fn set_idle(&self, host: &str, idle: bool) {
        let mut state = self.lock();
        if idle {
            state.idle.insert(host.into())
        } else {
            state.idle.remove(host)
        };
    }

    /// Whether nothing runs on a host: its system lives, and refuses connections.
    pub(in crate::testing) fn is_idle(&self, host: &str) -> bool {
        self.lock().idle.contains(host)
    }

    /// How late a packet is because it was lost, perhaps several times.
    pub(in crate::testing) fn delay(&self) -> Duration {
        self.late(AGAIN)
    }

    /// How late a connection is opened.
    pub(in crate::testing) fn opening_delay(&self) -> Duration {
        self.late(OPEN_AGAIN)
    }

    fn late(&self, again: Duration) -> Duration {
        let loss = self.lock().loss;
        if loss <= 0.0 {
            return Duration::ZERO;
        }
        let lost = (0..TRIES).take_while(|_| self.rng.chance(loss)).count() as u32;
        again * ((1 << lost) - 1)
    }
}
