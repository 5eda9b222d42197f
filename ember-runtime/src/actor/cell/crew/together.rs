//! A cell of whose service several handlers run at once: what waits goes to workers, each with a body of its own and the one state.

use std::{
    ops::RangeInclusive,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use tokio::task::AbortHandle;

use super::state::{Order, Seed, Together, Waiting, Worker};
use crate::{
    actor::{
        about::Access as _,
        cell::{Cell, bury},
        erased::{Core, Workers},
        hands::{Event, Lines, Roster},
        service::{Body, Here, Service, route},
        work::Calls,
    },
    error::RefusedReason,
    message::Ambient,
    planted::{Bug, planted},
};

impl<S: Service> Cell<S> {
    /// Lets workers begin with what waits, and the driver see to what has come to an end.
    pub(crate) fn look(&self, together: &Together<S>) {
        let mut numbers = Vec::new();
        let is_for_driver = {
            let mut state = together.lock();
            state.gather(&self.mailbox);
            numbers.extend(std::iter::from_fn(|| state.roster.recruit()));
            state.is_for_driver()
        };
        numbers.into_iter().for_each(|number| self.make(together, Order { number, begun: None }));
        if is_for_driver {
            together.driver.wake();
        }
    }

    /// Makes a worker of this number.
    pub(super) fn make(&self, together: &Together<S>, order: Order<S>) {
        let number = order.number;
        // Without them there is no service any more.
        let Some((me, host)) = self.me.upgrade().zip(self.host.upgrade()) else { return };
        let handle = (self.blueprint.work)(me, &*host, order);
        let too_late = together.lock().roster.made(number, handle);
        if let Some(handle) = too_late {
            handle.abort();
        }
    }

    /// The same body once more, or the first one that somebody needs.
    pub(super) fn body(&self, seed: Option<Seed<S>>) -> Option<Worker<S>> {
        let Seed { streams, service, life } = seed?;
        let mut core = Core::new(self.host.upgrade()?, self.me.upgrade()?, route::<S, Here>);
        core.share_life(life, streams);
        Some(Worker::new(service, core))
    }

    /// The service is up: handlers begin.
    pub(crate) fn open(&self, together: &Together<S>, body: Body<S>) {
        let Body { core, service, .. } = body;
        let seed = S::Access::another(&service).map(|service| {
            let (streams, life) = (core.streams.another(), Arc::clone(core.life()));
            Seed { streams, service, life }
        });
        {
            let mut state = together.lock();
            state.seed = seed;
            state.roster.open(Worker::new(service, core));
        }
        self.look(together);
    }

    /// What is to be done by the driver.
    pub(crate) fn poll_event(&self, together: &Together<S>, task: &Context<'_>) -> Poll<Event> {
        together.driver.register(task.waker());
        let mut state = together.lock();
        // Whether all is over is known under the lock only: one that has just ended may have been promised an answer.
        state.gather(&self.mailbox);
        state.roster.event().map_or(Poll::Pending, Poll::Ready)
    }

    /// A handler had asked for the end: that is known now. Whether it had.
    pub(crate) fn take_stop(together: &Together<S>) -> bool {
        std::mem::take(&mut together.lock().roster.stops)
    }

    /// No handler runs any more: whether one had asked for the end, and whether one has failed.
    pub(crate) fn take_last(together: &Together<S>) -> (bool, bool) {
        let roster = &mut together.lock().roster;
        (std::mem::take(&mut roster.stops), std::mem::take(&mut roster.failed))
    }

    /// No handler begins any more.
    pub(crate) fn ebb(together: &Together<S>) {
        together.lock().roster.ebb();
    }

    /// Those that run are dropped at their next step.
    pub(crate) fn cut(together: &Together<S>) {
        let handles = together.lock().roster.cut();
        handles.iter().for_each(AbortHandle::abort);
    }

    /// The state with a body, when no handler runs any more. `None` if it was lost.
    pub(crate) fn poll_closed(&self, together: &Together<S>, task: &Context<'_>) -> Poll<Option<Box<Body<S>>>> {
        together.driver.register(task.waker());
        let (bodies, seed) = {
            let mut state = together.lock();
            let Some(bodies) = state.roster.close() else { return Poll::Pending };
            (bodies, state.seed.take())
        };
        let mut bodies = bodies.into_iter();
        let first = match bodies.next() {
            Some(first) => {
                drop(seed);
                Some(first)
            }
            None => self.body(seed),
        };
        // The state stays with the first.
        bodies.for_each(|worker| {
            bury(*worker.body);
        });
        let named = first.zip(self.me.upgrade());
        Poll::Ready(named.map(|(Worker { mut body, .. }, me)| {
            // Its last handler has ended: what follows is of the service as a whole, and waits as that.
            body.ambient = Ambient::new(me);
            body
        }))
    }

    /// The service has ended: nothing of it is kept, and what waits is refused.
    pub(in crate::actor::cell) fn end_together(&self, together: &Together<S>) {
        let (handles, bodies, seed, lines) = {
            let mut state = together.lock();
            state.has_ended = true;
            let lines = std::mem::replace(&mut state.roster.lines, Lines::new());
            (state.roster.cut(), std::mem::take(&mut state.roster.bodies), state.seed.take(), lines)
        };
        handles.iter().for_each(AbortHandle::abort);
        lines.into_all().for_each(|waiting| Calls::default().refuse_guarded(waiting.post, RefusedReason::Stopped));
        drop(seed);
        bodies.into_iter().for_each(|worker| {
            bury(*worker.body);
        });
    }
}

impl<S: Service> Workers for Cell<S> {
    fn bounds(&self) -> RangeInclusive<u32> {
        let (low, high) = self.ask((1, 1), |roster| roster.bounds());
        low..=high
    }

    fn now(&self) -> u32 {
        self.ask(1, |roster| roster.limit())
    }

    fn set(&self, workers: u32) -> u32 {
        let Some(together) = self.together.as_deref() else { return 1 };
        let (before, now) = {
            let roster = &mut together.lock().roster;
            if planted(Bug::MoveKey) {
                roster.lines.move_keys();
            }
            (roster.limit(), roster.set(workers))
        };
        if now < before {
            self.refuse_cycles(together);
        }
        self.look(together);
        now
    }

    fn busy(&self) -> u32 {
        self.ask(0, |roster| roster.busy())
    }

    fn waiting(&self) -> usize {
        self.mailbox.waiting()
    }

    fn ready(&self) -> usize {
        self.ask(0, |roster| roster.lines.ready())
    }

    fn oldest(&self) -> Option<Duration> {
        self.ask(None, |roster| roster.lines.all_ready().map(|waiting| waiting.since).min())
            .map(|since| since.elapsed())
    }
}

impl<S: Service> Cell<S> {
    fn ask<T>(&self, without: T, ask: impl FnOnce(&Roster<Waiting<S>, Worker<S>, AbortHandle>) -> T) -> T {
        self.together.as_deref().map_or(without, |together| ask(&together.lock().roster))
    }
}
