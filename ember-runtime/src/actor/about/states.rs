//! How far a service is in its life, for those who ask and those who wait. Hardly anybody waits, so the means to do so are made
//! when somebody does.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard},
};

use tokio::sync::watch;

use super::spec::ServiceState;
use crate::panics::woken;
use crate::sync::lock;

/// The state of one service.
#[derive(Debug)]
pub(crate) struct States(Mutex<Present>);

#[derive(Debug)]
struct Present {
    state: ServiceState,
    told: Option<Box<Told>>,
}

/// Who hears of changes.
#[derive(Default)]
struct Told {
    waiting: Option<Arc<watch::Sender<ServiceState>>>,
    notice: Option<Notice>,
}

/// Called after each change, with the state before and the one now, and with the state locked: it only notes that there was one.
pub(crate) type Notice = Box<dyn Fn(ServiceState, ServiceState) + Send + Sync>;

impl States {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(Present { state: ServiceState::Starting, told: None }))
    }

    fn lock(&self) -> MutexGuard<'_, Present> {
        lock(&self.0)
    }

    pub(crate) fn now(&self) -> ServiceState {
        self.lock().state
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<ServiceState> {
        let mut present = self.lock();
        let state = present.state;
        let told = present.told.get_or_insert_default();
        told.waiting.get_or_insert_with(|| Arc::new(watch::Sender::new(state))).subscribe()
    }

    /// Has `notice` called after each change from now on.
    pub(crate) fn on_change(&self, notice: Notice) {
        self.lock().told.get_or_insert_default().notice = Some(notice);
    }

    /// Changes the state to `to` if it is one of `from`.
    pub(crate) fn change(&self, from: &[ServiceState], to: ServiceState) {
        self.update(|state| from.contains(&state).then_some(to));
    }

    /// If the state is one of `from`: paused or running, whichever `is_paused` says. It is asked with the state locked, so of
    /// several that change the answer and then come here, the last one sets what holds.
    pub(crate) fn live(&self, from: &[ServiceState], is_paused: impl FnOnce() -> bool) {
        self.update(|state| {
            let is_one = from.contains(&state);
            let live = is_one.then(|| if is_paused() { ServiceState::Paused } else { ServiceState::Running });
            live.filter(|live| *live != state)
        });
    }

    /// Sets what `state` says, unless it has ended. That is asked with the state locked, so of several that change the answer and then come
    /// here, the last one sets what holds. What it has changed to, if it has.
    pub(crate) fn follow(&self, state: impl FnOnce() -> ServiceState) -> Option<ServiceState> {
        let mut changed = None;
        self.update(|now| {
            changed = if now.has_ended() { None } else { Some(state()).filter(|to| *to != now) };
            changed
        });
        changed
    }

    pub(crate) fn set(&self, to: ServiceState) {
        self.update(|_| Some(to));
    }

    /// Sets what `change` says, if anything. Those who wait may be anything of the user's: they are woken with nothing locked, and
    /// find the state that is the newest then.
    fn update(&self, change: impl FnOnce(ServiceState) -> Option<ServiceState>) {
        let waiting = {
            let mut present = self.lock();
            let before = present.state;
            let Some(to) = change(before) else { return };
            present.state = to;
            let Some(told) = &present.told else { return };
            if let Some(notice) = &told.notice {
                notice(before, to);
            }
            told.waiting.clone()
        };
        if let Some(waiting) = waiting {
            woken(|| waiting.send_modify(|state| *state = self.now()));
        }
    }
}

impl fmt::Debug for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Told").field("waiting", &self.waiting).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::{
        pin::pin,
        sync::atomic::{AtomicUsize, Ordering},
        task::{Context, Wake, Waker},
    };

    use super::*;

    /// Counts how often it was woken with the state locked, and without.
    struct Looks(Arc<States>, [AtomicUsize; 2]);

    impl Wake for Looks {
        fn wake(self: Arc<Self>) {
            self.1[usize::from(self.0.0.try_lock().is_ok())].fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn those_who_wait_for_a_state_are_woken_with_nothing_locked() {
        let ways: [fn(&States); 3] = [
            |states| states.set(ServiceState::Running),
            |states| states.change(&[ServiceState::Starting], ServiceState::Running),
            |states| states.live(&[ServiceState::Starting], || false),
        ];
        for way in ways {
            let states = Arc::new(States::new());
            let looks = Arc::new(Looks(Arc::clone(&states), Default::default()));
            let (mut receiver, waker) = (states.subscribe(), Waker::from(Arc::clone(&looks)));
            let mut changed = pin!(receiver.wait_for(|state| *state == ServiceState::Running));
            assert!(changed.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
            way(&states);
            assert_eq!(looks.1.each_ref().map(|count| count.load(Ordering::Relaxed)), [0, 1]);
            assert!(changed.poll(&mut Context::from_waker(&waker)).is_ready());
        }
    }
}
