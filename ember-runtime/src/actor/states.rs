//! How far a service is in its life, for those who ask and those who wait. Hardly anybody waits, so the means to do so are made
//! when somebody does.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::ServiceState;

/// The state of one service.
#[derive(Debug)]
pub(super) struct States(Mutex<Present>);

#[derive(Debug)]
struct Present {
    state: ServiceState,
    told: Option<Box<watch::Sender<ServiceState>>>,
}

impl States {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(Present { state: ServiceState::Starting, told: None }))
    }

    fn lock(&self) -> MutexGuard<'_, Present> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now(&self) -> ServiceState {
        self.lock().state
    }

    pub(super) fn subscribe(&self) -> watch::Receiver<ServiceState> {
        let mut present = self.lock();
        let state = present.state;
        present.told.get_or_insert_with(|| Box::new(watch::Sender::new(state))).subscribe()
    }

    /// Changes the state to `to` if it is one of `from`.
    pub(super) fn change(&self, from: &[ServiceState], to: ServiceState) {
        let mut present = self.lock();
        if from.contains(&present.state) {
            present.set(to);
        }
    }

    pub(super) fn set(&self, to: ServiceState) {
        self.lock().set(to);
    }
}

impl Present {
    fn set(&mut self, to: ServiceState) {
        self.state = to;
        if let Some(told) = &self.told {
            told.send_replace(to);
        }
    }
}
