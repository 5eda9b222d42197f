//! What a cell of a concurrent service keeps of its workers.

use std::sync::{
    Arc, Mutex, MutexGuard,
    atomic::{AtomicU64, Ordering},
};

use futures_util::task::AtomicWaker;
use tokio::{task::AbortHandle, time::Instant};

use crate::{
    actor::{
        about::{Access as _, Held},
        erased::Core,
        hands::{Roster, link},
        service::{Body, Running, Service},
        work::{Calls, Post},
    },
    id::Pid,
    mailbox::Mailbox,
    message::{Ambient, Lane, Lifespan, Named, StreamsOfLife},
    sync::lock,
};

/// What a cell of a concurrent service has beside that of another.
pub(crate) struct Together<S: Service> {
    pub(super) state: Mutex<State<S>>,
    /// The driver, which waits for what only it can do.
    pub(super) driver: AtomicWaker,
}

pub(super) struct State<S: Service> {
    pub(super) roster: Roster<Waiting<S>, Worker<S>, AbortHandle>,
    /// What bodies are made from, while the service is up.
    pub(super) seed: Option<Seed<S>>,
    /// The service has ended: nothing is kept.
    pub(super) has_ended: bool,
    /// When it was last seen whether calls wait in vain.
    pub(super) swept: Option<Instant>,
}

pub(super) struct Seed<S: Service> {
    /// Dropped before the service, as in a [`Body`].
    pub(super) streams: StreamsOfLife,
    pub(super) service: Held<S>,
    pub(super) life: Arc<Lifespan>,
}

/// What waits, since when, and where it is counted.
pub(super) struct Waiting<S: Service> {
    pub(super) post: Post<S>,
    /// It waits for a worker: from when what was before it under its key has been done, if something was.
    pub(super) since: Instant,
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
    pub(super) fn new(service: Held<S>, core: Core) -> Self {
        let pid = core.pid();
        let hand = Arc::new(Hand { pid, name: S::SPEC.name, link: AtomicU64::new(link(pid, None).number) });
        Self { body: Body::of(service, core, Ambient::new(Arc::clone(&hand) as _)), hand }
    }
}

impl<S: Service> Together<S> {
    /// Of a service that is concurrent.
    pub(crate) fn of_spec() -> Option<Box<Self>> {
        let (low, high) = S::SPEC.workers.filter(|_| S::SPEC.is_concurrent())?;
        let state = State { roster: Roster::new((low.into(), high.into())), seed: None, has_ended: false, swept: None };
        Some(Box::new(Self { state: Mutex::new(state), driver: AtomicWaker::new() }))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State<S>> {
        lock(&self.state)
    }

    /// Whether callers may run handlers themselves.
    pub(in crate::actor::cell) fn admit(&self, admits: bool) {
        self.lock().roster.admits = admits;
    }
}

impl<S: Service> State<S> {
    /// Takes over what has come.
    pub(super) fn gather(&mut self, mailbox: &Mailbox<Post<S>, Calls<S>>) {
        let roster = &mut self.roster;
        roster.over = mailbox.take_over(&mut |lane, post: Post<S>, counted| {
            let (key, since) = (post.about().key, Instant::now());
            roster.lines.put(lane == Lane::System, key, Waiting { post, since, place: (lane, counted) });
        });
    }

    /// What a new body is made from.
    pub(super) fn seed(&self) -> Option<Seed<S>> {
        let Seed { streams, service, life } = self.seed.as_ref()?;
        Some(Seed { streams: streams.another(), service: S::Access::another(service)?, life: Arc::clone(life) })
    }

    /// A piece of this key has been done, and its body comes back, unless nobody needs it any more. What the handler has left to do is
    /// noted for the driver.
    pub(super) fn done(&mut self, resumes: bool, key: Option<u64>, mut worker: Worker<S>) -> Option<Worker<S>> {
        let core = &mut worker.body.core;
        if std::mem::take(&mut core.panicked) && !resumes {
            self.roster.failed = true;
            self.roster.ebb();
        }
        self.roster.stops |= std::mem::take(&mut core.stop);
        core.changed = false;
        let (kept, unused) = if self.has_ended { (None, Some(worker)) } else { (Some(worker), None) };
        self.free(key, kept).or(unused)
    }

    /// The same, without the state: what comes next under this key waits for a worker from now on.
    pub(super) fn free(&mut self, key: Option<u64>, worker: Option<Worker<S>>) -> Option<Worker<S>> {
        let unused = self.roster.done(key, worker);
        if let Some(next) = self.roster.lines.ready_of(key) {
            next.since = Instant::now();
        }
        unused
    }

    /// Whether the driver has something to do.
    pub(super) fn is_for_driver(&self) -> bool {
        self.roster.event().is_some() || self.roster.is_done()
    }
}

/// What a caller leaves to a worker: a handler that waits for something, and the place of its method in the table.
pub(crate) struct Begun<S: Service>(pub(crate) Running<S>, pub(crate) Option<usize>);

/// What a worker is made with.
pub(crate) struct Order<S: Service> {
    pub(super) number: u64,
    /// The key of what it begins with, in whose name, and what that is.
    pub(super) begun: Option<(Option<u64>, Arc<Hand>, Begun<S>)>,
}
