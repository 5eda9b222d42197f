//! The end of a watched service, as its watchers see it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::spec::ServiceState;
use crate::{id::Pid, message::Keys};

/// A watched service has ended: what `#[on(down)] async fn gone(&mut self, down: &Down)` is told, once for each
/// [`Cx::watch`](crate::actor::Cx::watch).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Down {
    /// The service.
    pub pid: Pid,
    /// How it ended.
    pub reason: DownReason,
}

impl Down {
    pub(crate) fn new(pid: Pid, reason: DownReason) -> Self {
        Self { pid, reason }
    }
}

/// How a watched service ended. A restart by its supervisor is no end: the service keeps its pid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum DownReason {
    /// It was stopped, or stopped itself, or its node was shut down.
    Stopped,
    /// It panicked, could not be started again, or was cut short.
    Failed,
    /// Its node is gone: it has left the cluster without a shutdown, has started anew, nobody listens at its address any more, or it
    /// could not be reached for 10 s.
    /// In the last case the service may still be running.
    NodeLost,
    /// It had ended before it was watched, or there never was one.
    NoSuchService,
}

/// Who of a service watches: the service with all that are its fields, or a module under a key with all that are its.
#[derive(Debug, Clone)]
pub(crate) struct Watcher(Keys);

impl Watcher {
    /// The unit at the end of `keys`.
    pub(crate) fn at(keys: &Keys) -> Self {
        Self(if keys.last().is_some() { keys.clone() } else { Keys::NONE })
    }

    /// The way to it.
    pub(crate) fn keys(&self) -> &Keys {
        &self.0
    }

    /// Whether it is the service itself.
    pub(crate) fn is_service(&self) -> bool {
        self.0.is_empty()
    }

    /// No two that are there have the same.
    pub(crate) fn id(&self) -> usize {
        self.0.last().map_or(0, |life| life.as_ptr().addr())
    }

    /// Whether it was a module that has ended.
    pub(crate) fn is_over(&self) -> bool {
        self.0.last().is_some_and(|life| life.strong_count() == 0)
    }
}

impl PartialEq for Watcher {
    fn eq(&self, other: &Self) -> bool {
        match (self.0.last(), other.0.last()) {
            (Some(life), Some(other)) => life.ptr_eq(other),
            (life, other) => life.is_none() && other.is_none(),
        }
    }
}

impl From<ServiceState> for DownReason {
    fn from(state: ServiceState) -> Self {
        if state == ServiceState::Failed { Self::Failed } else { Self::Stopped }
    }
}

impl fmt::Display for DownReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stopped => "it stopped",
            Self::Failed => "it failed",
            Self::NodeLost => "its node was lost",
            Self::NoSuchService => "there is no such service",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Lifespan;

    #[test]
    fn a_module_that_watches_is_over_with_its_life_and_a_service_never() {
        let lives = [Lifespan::new(), Lifespan::new()];
        let [module, beside] = [0, 1].map(|at| Watcher::at(&Keys::NONE.and(&7_u32).of(&lives[at])));
        let service = Watcher::at(&Keys::NONE);
        assert!(service.is_service() && !module.is_service());
        assert!(module == module.clone() && service == service.clone());
        assert!(module != service && module != beside);
        assert!(service != module);
        assert!(service.id() == 0 && module.id() == module.clone().id() && module.id() != beside.id());
        assert!(!service.is_over() && !module.is_over());
        drop(lives);
        assert!(!service.is_over() && module.is_over() && beside.is_over());
    }

    #[test]
    fn whatever_has_not_failed_has_stopped() {
        for state in [ServiceState::Starting, ServiceState::Running, ServiceState::Retiring, ServiceState::Stopped] {
            assert_eq!(DownReason::from(state), DownReason::Stopped);
        }
        assert_eq!(DownReason::from(ServiceState::Failed), DownReason::Failed);
        assert_eq!(DownReason::NodeLost.to_string(), "its node was lost");
    }
}
