//! The breakers of a node at work: what becomes of its calls opens and closes them, and time half-opens them.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use tokio::time::{Instant, sleep};

use super::router::Router;
use crate::{
    directory::{Breaker, Due, Fault, InFlight, Instance},
    error::LostReason,
    id::Pid,
};

/// A call on which it depends whether the breaker of an instance closes. Dropped without an answer, it has failed.
pub(crate) struct Probe(Box<UnderWay>);

/// Seldom there: it would make every call's future larger.
struct UnderWay {
    router: Arc<Router>,
    broken: Broken,
    number: u64,
}

/// Whose breaker is not closed.
#[derive(Clone)]
struct Broken {
    pid: Pid,
    in_flight: Weak<InFlight>,
    /// For the log.
    place: Arc<str>,
    by: Breaker,
}

impl Probe {
    /// A call of this node that has become the probe of this number.
    pub(crate) fn new(router: &Arc<Router>, instance: &Instance, number: u64) -> Self {
        let broken = Broken::of(router, instance);
        // Others are sent elsewhere from now on.
        router.directory().mark_breaker(broken.pid);
        router.later(&broken, broken.by.probe_timeout, move |router, broken| router.has_failed(broken, number));
        Self(Box::new(UnderWay { router: Arc::clone(router), broken, number }))
    }

    /// It was not made after all: another call may be it.
    pub(crate) fn unmade(self) {
        let UnderWay { router, broken, number } = &*self.0;
        if broken.in_flight.upgrade().is_some_and(|it| it.circuit.unprobe(*number)) {
            router.directory().mark_breaker(broken.pid);
        }
    }

    /// It was answered, in whatever way, and however late.
    pub(crate) fn answered(self) {
        let UnderWay { router, broken, number } = &*self.0;
        let Some(in_flight) = broken.in_flight.upgrade() else { return };
        if in_flight.circuit.probe_answered(*number) {
            router.directory().mark_breaker(broken.pid);
            tracing::info!(target: "ember::call", instance = &*broken.place, pid = %broken.pid, "it answers again: calls go there");
        }
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        self.0.router.has_failed(&self.0.broken, self.0.number);
    }
}

impl Broken {
    fn of(router: &Router, instance: &Instance) -> Self {
        let by = router.outages.breaker(&instance.identity().name);
        let in_flight = Arc::downgrade(instance.in_flight.begin());
        Self { pid: instance.pid, in_flight, place: instance.to_string().into(), by }
    }
}

impl Router {
    /// It is not known whether a call to this instance was executed, which was no probe; it was begun at this time.
    #[cold]
    pub(crate) fn maybe_executed(self: &Arc<Self>, instance: &Instance, reason: &LostReason, begun: Instant) {
        let circuit = &instance.in_flight.begin().circuit;
        let fault = match reason {
            LostReason::Deadline => Fault::NoAnswer { short: instance.cell.as_ref().map(|it| it.call_counts().short) },
            LostReason::LinkLost(_) => Fault::LinkLost,
            answer if answer.is_answer() => return circuit.answered(),
            _ => return,
        };
        if instance.direct {
            return;
        }
        let by = self.outages.breaker(&instance.identity().name);
        if let Some(due) = circuit.failed(fault, begun, &by) {
            let broken = Broken::of(self, instance);
            let (place, failures) = (&*broken.place, by.failures);
            tracing::warn!(target: "ember::call", instance = place, pid = %broken.pid, failures, "it does not answer: no calls go there for a while");
            self.opened(&broken, due);
        }
    }

    /// A probe has failed, unless it has ended before.
    fn has_failed(self: &Arc<Self>, broken: &Broken, number: u64) {
        let Some(in_flight) = broken.in_flight.upgrade() else { return };
        if let Some(due) = in_flight.circuit.probe_failed(number, &broken.by) {
            tracing::debug!(target: "ember::call", instance = &*broken.place, pid = %broken.pid, "it still does not answer");
            self.opened(broken, due);
        }
    }

    fn opened(self: &Arc<Self>, broken: &Broken, due: Due) {
        self.directory().mark_breaker(broken.pid);
        let half = due.after / 2;
        self.later(broken, half + self.rng().jitter(half), move |router, broken| {
            let half_open = broken.in_flight.upgrade().is_some_and(|it| it.circuit.half_open(due.number));
            if half_open {
                router.directory().mark_breaker(broken.pid);
            }
        });
    }

    /// Has something done after a while, should the node and the instance be there then.
    fn later(
        self: &Arc<Self>,
        broken: &Broken,
        after: Duration,
        what: impl FnOnce(&Arc<Self>, &Broken) + Send + 'static,
    ) {
        let (router, broken) = (Arc::downgrade(self), broken.clone());
        self.runtime().spawn(async move {
            sleep(after).await;
            if let Some(router) = router.upgrade() {
                what(&router, &broken);
            }
        });
    }
}
