//! How far a service is in its life, for those who ask and those who wait. Hardly anybody waits, so the means to do so are made
//! when somebody does.

use std::{
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;

use super::ServiceState;

/// The state of one service.
#[derive(Debug)]
pub(super) struct States(Mutex<Present>);

#[derive(Debug)]
struct Present {
    state: ServiceState,
    told: Option<Box<Told>>,
}

/// Who hears of changes.
#[derive(Default)]
struct Told {
    waiting: Option<watch::Sender<ServiceState>>,
    notice: Option<Notice>,
}

/// Called after each change, with the state locked: it only notes that there was one.
pub(crate) type Notice = Box<dyn Fn() + Send + Sync>;

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
        let told = present.told.get_or_insert_default();
        told.waiting.get_or_insert_with(|| watch::Sender::new(state)).subscribe()
    }

    /// Has `notice` called after each change from now on.
    pub(super) fn on_change(&self, notice: Notice) {
        self.lock().told.get_or_insert_default().notice = Some(notice);
    }

    /// Changes the state to `to` if it is one of `from`.
    pub(super) fn change(&self, from: &[ServiceState], to: ServiceState) {
        let mut present = self.lock();
        if from.contains(&present.state) {
            present.set(to);
        }
    }

    /// If the state is one of `from`: paused or running, whichever `is_paused` says. It is asked with the state locked, so of
    /// several that change the answer and then come here, the last one sets what holds.
    pub(super) fn live(&self, from: &[ServiceState], is_paused: impl FnOnce() -> bool) {
        let mut present = self.lock();
        if from.contains(&present.state) {
            let live = if is_paused() { ServiceState::Paused } else { ServiceState::Running };
            if live != present.state {
                present.set(live);
            }
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
            told.tell(to);
        }
    }
}

impl Told {
    fn tell(&self, state: ServiceState) {
        if let Some(waiting) = &self.waiting {
            waiting.send_replace(state);
        }
        if let Some(notice) = &self.notice {
            notice();
        }
    }
}

impl fmt::Debug for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Told").field("waiting", &self.waiting).finish_non_exhaustive()
    }
}
