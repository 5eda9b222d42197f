//! A cell of whose service several handlers run at once: what waits goes to workers, each with a body of its own and the one state.

use std::{
    ops::RangeInclusive,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use futures_util::task::AtomicWaker;
use tokio::{task::AbortHandle, time::Instant};

use super::{
    Cell,
    at_work::{AtWork, Begun},
    bury,
};
use crate::{
    actor::{
        erased::{Core, Workers},
        hands::{Crew, Event, Lines, link, refusal},
        service::{Access as _, Body, Held, Here, Service, route},
        work::{Calls, Post},
    },
    error::RefusedReason,
    id::Pid,
    message::{Ambient, Envelope, Lane, Lifespan, Named},
    sync::lock,
};

/// What a cell of a concurrent service has beside that of another.
pub(crate) struct Together<S: Service> {
    state: Mutex<State<S>>,
    /// The driver, which waits for what only it can do.
    pub(super) driver: AtomicWaker,
}

pub(super) struct State<S: Service> {
    pub(super) crew: Crew<Waiting<S>, Worker<S>, AbortHandle>,
    /// What bodies are made from, while the service is up.
    seed: Option<Seed<S>>,
    /// The service has ended: nothing is kept.
    has_ended: bool,
}

pub(super) struct Seed<S: Service> {
    service: Held<S>,
    life: Arc<Lifespan>,
}

/// What waits, since when, and where it is counted.
pub(super) struct Waiting<S: Service> {
    pub(super) post: Post<S>,
    since: Instant,
    pub(super) place: (Lane, bool),
}

/// Who runs handlers, one after the other.
pub(super) struct Worker<S: Service> {
    pub(super) body: Box<Body<S>>,
    pub(super) hand: Arc<Hand>,
}

/// The service, as it is named while one of its workers runs a handler.
#[derive(Debug)]
pub(super) struct Hand {
    pid: Pid,
    name: &'static str,
    /// The number of its [`link`].
    link: AtomicU64,
}

impl Named for Hand {
    fn pid(&self) -> Pid {
        self.pid
    }

    fn name(&self) -> &'static str {
        self.name
    }

    fn link(&self) -> Pid {
        Pid { number: self.link.load(Ordering::Relaxed), ..self.pid }
    }
}

impl Hand {
    /// Whoever has this begins a piece of this key.
    pub(super) fn begins(&self, key: Option<u64>) {
        self.link.store(link(self.pid, key).number, Ordering::Relaxed);
    }
}

impl<S: Service> Worker<S> {
    fn new(service: Held<S>, core: Core) -> Self {
        let pid = core.pid();
        let hand = Arc::new(Hand { pid, name: S::SPEC.name, link: AtomicU64::new(link(pid, None).number) });
        Self { body: Body::of(service, core, Ambient::new(Arc::clone(&hand) as _)), hand }
    }
}

impl<S: Service> Together<S> {
    /// Of a service that is concurrent.
    pub(crate) fn of_spec() -> Option<Box<Self>> {
        let (low, high) = S::SPEC.workers?;
        let state = State { crew: Crew::new((low.into(), high.into())), seed: None, has_ended: false };
        Some(Box::new(Self { state: Mutex::new(state), driver: AtomicWaker::new() }))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State<S>> {
        lock(&self.state)
    }

    /// Whether callers may run handlers themselves.
    pub(super) fn admit(&self, admits: bool) {
        self.lock().crew.admits = admits;
    }
}

impl<S: Service> State<S> {
    /// Takes over what has come.
    pub(super) fn gather(&mut self, cell: &Cell<S>) {
        let crew = &mut self.crew;
        crew.over = cell.mailbox.take_over(&mut |lane, post: Post<S>, counted| {
            let (key, since) = (post.key(), Instant::now());
            crew.lines.put(lane == Lane::System, key, Waiting { post, since, place: (lane, counted) });
        });
    }

    /// What a new body is made from.
    pub(super) fn seed(&self) -> Option<Seed<S>> {
        let Seed { service, life } = self.seed.as_ref()?;
        Some(Seed { service: S::Access::another(service)?, life: Arc::clone(life) })
    }

    /// A piece of this key has been done, and its body comes back, unless nobody needs it any more. What the handler has left to do is
    /// noted for the driver.
    pub(super) fn done(&mut self, cell: &Cell<S>, key: Option<u64>, mut worker: Worker<S>) -> Option<Worker<S>> {
        let core = &mut worker.body.core;
        if std::mem::take(&mut core.panicked) && !cell.resumes() {
            self.crew.failed = true;
            self.crew.ebb();
        }
        self.crew.stops |= std::mem::take(&mut core.stop);
        core.changed = false;
        let (kept, unused) = if self.has_ended { (None, Some(worker)) } else { (Some(worker), None) };
        self.crew.done(key, kept);
        unused
    }

    /// Whether the driver has something to do.
    pub(super) fn is_for_driver(&self) -> bool {
        self.crew.event().is_some() || self.crew.busy() == 0
    }
}

impl<S: Service> Cell<S> {
    /// Why a call with this envelope would wait for itself, in a concurrent service.
    pub(crate) fn cycle(&self, envelope: Option<&Envelope>, index: usize) -> Option<RefusedReason> {
        let together = self.together.as_deref()?;
        envelope?.chain.as_ref()?;
        let workers = together.lock().crew.limit();
        let method = || self.blueprint.table.methods.get(index).map_or("", |entry| &*entry.name);
        refusal(self.pid, envelope, workers, || format!("{}.{}", S::SPEC.name, method()))
    }

    /// Lets workers begin with what waits, and the driver see to what has come to an end.
    pub(crate) fn look(&self, together: &Together<S>) {
        let mut numbers = Vec::new();
        let is_for_driver = {
            let mut state = together.lock();
            state.gather(self);
            numbers.extend(std::iter::from_fn(|| state.crew.recruit()));
            state.is_for_driver()
        };
        numbers.into_iter().for_each(|number| self.make(together, AtWork::new(number), None));
        if is_for_driver {
            together.driver.wake();
        }
    }

    /// Makes a worker of this number.
    pub(super) fn make(&self, together: &Together<S>, mut at: AtWork<S>, begun: Option<Begun<S>>) {
        let number = at.number;
        // Without them there is no service any more.
        let Some((me, host)) = self.me.upgrade().zip(self.host.upgrade()) else { return };
        at.is_at(me);
        let handle = (self.blueprint.work)(&*host, at, begun);
        if let Some(handle) = together.lock().crew.made(number, handle) {
            handle.abort();
        }
    }

    /// The same body once more, or the first one that somebody needs.
    pub(super) fn body(&self, seed: Option<Seed<S>>) -> Option<Worker<S>> {
        let Seed { service, life } = seed?;
        let core = Core::new(self.host.upgrade()?, self.me.upgrade()?, route::<S, Here>);
        core.share_life(life);
        Some(Worker::new(service, core))
    }

    /// The service is up: handlers begin.
    pub(crate) fn open(&self, together: &Together<S>, body: Box<Body<S>>) {
        let Body { core, service, .. } = *body;
        let seed = S::Access::another(&service).map(|service| Seed { service, life: Arc::clone(core.life()) });
        {
            let mut state = together.lock();
            state.seed = seed;
            state.crew.open(Worker::new(service, core));
        }
        self.look(together);
    }

    /// What is to be done by the driver.
    pub(crate) fn poll_event(together: &Together<S>, task: &Context<'_>) -> Poll<Event> {
        together.driver.register(task.waker());
        together.lock().crew.event().map_or(Poll::Pending, Poll::Ready)
    }

    /// A handler had asked for the end: that is known now. Whether it had.
    pub(crate) fn take_stop(together: &Together<S>) -> bool {
        std::mem::take(&mut together.lock().crew.stops)
    }

    /// No handler begins any more.
    pub(crate) fn ebb(together: &Together<S>) {
        together.lock().crew.ebb();
    }

    /// Those that run are dropped at their next step.
    pub(crate) fn cut(together: &Together<S>) {
        let handles = together.lock().crew.cut();
        handles.iter().for_each(AbortHandle::abort);
    }

    /// The state with a body, when no handler runs any more. `None` if it was lost.
    pub(crate) fn poll_closed(&self, together: &Together<S>, task: &Context<'_>) -> Poll<Option<Box<Body<S>>>> {
        together.driver.register(task.waker());
        let (bodies, seed) = {
            let mut state = together.lock();
            let Some(bodies) = state.crew.close() else { return Poll::Pending };
            (bodies, state.seed.take())
        };
        let mut bodies = bodies.into_iter();
        let Some(Worker { body, .. }) = bodies.next() else { return Poll::Ready(self.body(seed).map(|it| it.body)) };
        drop(seed);
        // The state stays with the first.
        bodies.for_each(|worker| {
            bury(*worker.body);
        });
        Poll::Ready(Some(body))
    }

    /// The service has ended: nothing of it is kept, and what waits is refused.
    pub(super) fn end_together(&self, together: &Together<S>) {
        let (handles, bodies, seed, lines) = {
            let mut state = together.lock();
            state.has_ended = true;
            let lines = std::mem::replace(&mut state.crew.lines, Lines::new());
            (state.crew.cut(), std::mem::take(&mut state.crew.bodies), state.seed.take(), lines)
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
        let (low, high) = self.ask((1, 1), |crew| crew.bounds());
        low..=high
    }

    fn now(&self) -> u32 {
        self.ask(1, |crew| crew.limit())
    }

    fn set(&self, workers: u32) -> u32 {
        let Some(together) = self.together.as_deref() else { return 1 };
        let now = together.lock().crew.set(workers);
        self.look(together);
        now
    }

    fn busy(&self) -> u32 {
        self.ask(0, |crew| crew.busy())
    }

    fn waiting(&self) -> usize {
        self.mailbox.waiting()
    }

    fn ready(&self) -> usize {
        self.ask(0, |crew| crew.lines.ready())
    }

    fn oldest(&self) -> Option<Duration> {
        self.ask(None, |crew| crew.lines.first().map(|waiting| waiting.since).min()).map(|since| since.elapsed())
    }
}

impl<S: Service> Cell<S> {
    fn ask<T>(&self, without: T, ask: impl FnOnce(&Crew<Waiting<S>, Worker<S>, AbortHandle>) -> T) -> T {
        self.together.as_deref().map_or(without, |together| ask(&together.lock().crew))
    }
}
