//! The phases in the life of a service, as its cell sees them: it is up, falls, retires, ends.

use std::{
    mem,
    sync::{Arc, MutexGuard, atomic::Ordering},
};

use super::{
    Cell,
    parts::{Attached, keep},
    seat::Seat,
};
use crate::{
    actor::{
        about::{Events, OnPanic, ServiceState, Supervision},
        erased::{Core, Host},
        service::{Body, Here, Service, route},
        work::{Calls, Filter, Hearer, Job, OneJob, Post, Series},
    },
    error::RefusedReason,
    message::Lane,
    sync::lock,
};

impl<S: Service> Cell<S> {
    /// The service, which needs no start, is here: it can be called from now on, and has no driver.
    pub(crate) fn settle_in(self: &Arc<Self>, service: S, host: &Arc<dyn Host>) {
        let core = Core::new(Arc::clone(host), Arc::clone(self) as _, route::<S, Here>);
        let core =
            if const { S::SPEC.elected } { core.in_office(host.office(self.pid)).replicated(S::REPLICA) } else { core };
        let held = self.turn.take();
        // Nobody can end it yet: what begins here is ended with it.
        self.up(&**host);
        if let Some(held) = held {
            self.leave(held, Seat::Idle(Body::new(service, core, Arc::clone(self) as _)));
        }
    }

    fn attached(&self) -> MutexGuard<'_, Attached> {
        lock(&self.attached)
    }

    /// The service has been started: it runs, unless it is paused or retires already.
    pub(crate) fn up(self: &Arc<Self>, host: &dyn Host) {
        self.states.live(&[ServiceState::Starting], || self.mailbox.is_paused());
        let mut attached = self.attached();
        attached.up = true;
        self.admit(&attached);
        if attached.released {
            attached.things = keep((self.blueprint.attach)(self, host));
        }
    }

    /// The service has failed, and is to be started again: its timers and subscriptions end, its mailbox stays.
    pub(crate) fn fall(&self) {
        // First, so that nobody attaches anything of this life to the next one.
        self.let_go();
        self.life.fetch_add(1, Ordering::Relaxed);
        self.states.change(&[ServiceState::Running, ServiceState::Paused], ServiceState::Starting);
    }

    /// The service has ended: refuses what still waits.
    pub(crate) fn end(&self, state: ServiceState) {
        self.let_go();
        let (posts, mut calls) = self.mailbox.seal();
        posts.for_each(|post| calls.refuse_guarded(post, RefusedReason::Stopped));
        if let Some(together) = &self.together {
            self.end_together(together);
        }
        self.end_driver();
        self.states.set(state);
    }

    /// Takes no new work. The driver is still to be told.
    pub(crate) fn begin_to_end(&self) {
        self.mailbox.close();
        self.let_go();
        self.states
            .change(&[ServiceState::Starting, ServiceState::Running, ServiceState::Paused], ServiceState::Retiring);
    }

    fn let_go(&self) {
        let mut attached = self.attached();
        attached.up = false;
        self.admit(&attached);
        let things = mem::take(&mut attached.things);
        drop((attached, things));
    }

    /// Lets callers run the service themselves, or not.
    fn admit(&self, attached: &Attached) {
        let admits = attached.up && self.mailbox.admits();
        self.turn.shut(!admits);
        if let Some(together) = &self.together {
            together.admit(admits);
        }
    }

    pub(crate) fn set_paused(&self, paused: bool) {
        self.mailbox.pause(paused);
        self.admit(&self.attached());
        self.states.live(&[ServiceState::Running, ServiceState::Paused], || self.mailbox.is_paused());
    }

    pub(crate) fn set_released(self: &Arc<Self>, host: &dyn Host) {
        let mut attached = self.attached();
        if !mem::replace(&mut attached.released, true) && attached.up {
            attached.things = keep((self.blueprint.attach)(self, host));
        }
    }

    pub(crate) fn is_stopped_alone(&self) -> bool {
        self.attached().stops_alone
    }

    pub(crate) fn lives(&self) -> u64 {
        self.life.load(Ordering::Relaxed).into()
    }

    /// Whether a panic changes nothing.
    pub(crate) fn resumes(&self) -> bool {
        self.supervision().on_panic == OnPanic::Resume
    }

    /// What becomes of the service when it fails.
    pub(crate) fn supervision(&self) -> Supervision {
        self.supervision.as_deref().copied().unwrap_or(Supervision::new(false))
    }

    /// Queues what `make` makes, or says why not. Only what goes to the user lane may lie in the queues of calls.
    pub(crate) fn put(&self, lane: Lane, make: impl FnOnce(&mut Calls<S>) -> Post<S>) -> Result<(), RefusedReason> {
        if const { S::SPEC.is_concurrent() } {
            let mut make = Some(make);
            self.tries(|| self.mailbox.put(lane, |calls| (make.take().expect("it is made once"))(calls)))?;
        } else {
            self.mailbox.put(lane, make)?;
        }
        self.notice();
        Ok(())
    }

    /// Queues as many of these events as there is room for, in their order, each as a message of its own: how many, or why none. One that has a
    /// filter is alone.
    pub(crate) fn put_events(
        &self,
        events: &Events,
        to: &Arc<Hearer<S>>,
        filter: impl FnOnce() -> Option<Filter>,
    ) -> Result<usize, RefusedReason> {
        let (mut count, mut taken) = (0, 0);
        self.tries(|| {
            count = self.mailbox.charge_some(events.iter().map(|item| item.bytes))?;
            Ok(())
        })?;
        let put = if const { S::SPEC.is_concurrent() } {
            // Any worker takes any of them.
            let mut filter = Some(filter);
            let mut job = |place: usize| -> Post<S> {
                let filter = filter.take().and_then(|filter| filter());
                Post::Job(Box::new(OneJob::new(to, &events[place], filter)))
            };
            self.tries(|| {
                while taken < count {
                    let before = taken;
                    taken += self.mailbox.put_some(count - before, |_, _| {}, |place| job(before + place))?;
                }
                Ok(())
            })
        } else {
            let leave = |calls: &mut Calls<S>, room| {
                // Those that have no room are not kept for the sake of the others.
                let events = if room < events.len() { events[..room].into() } else { Arc::clone(events) };
                calls.add_events(Series::new(to, events, filter()));
            };
            self.mailbox.put_some(count, leave, |_| Calls::EVENT).map(|room| taken = room)
        };
        // What has no place does not wait.
        self.mailbox.bytes().discharge(events[taken..count].iter().map(|item| item.bytes).sum());
        if taken == 0 {
            put?;
        }
        self.notice();
        Ok(taken)
    }

    /// Queues a job of the framework's own, beyond the bounds. `false` if the service takes no new work.
    pub(crate) fn owe(&self, lane: Lane, job: Box<dyn Job<S>>) -> bool {
        let taken = self.mailbox.put_owed(lane, Post::Job(job)).is_ok();
        self.notice();
        taken
    }
}
