//! The pool of a node: which piece begins when, and where it runs.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, Weak},
    thread,
    time::Duration,
};

use tokio::{
    runtime::Handle,
    sync::Notify,
    task::{AbortHandle, yield_now},
};

use super::{
    counts::OffloadCounts,
    crew::{Crew, Given},
    key::Line,
    lines::{Kind, Lines, NoRoom},
    owner::{Owner, Sweep},
    piece::{By, Piece, Ran, Told},
    settings::Offload,
};
use crate::{error::OffloadError, panics::attempt, sync::lock};

/// A thread that has had nothing to do for so long ends.
const PATIENCE: Duration = Duration::from_secs(10);

/// So many pieces are begun by whoever comes with one, if others come and go meanwhile.
const AT_A_STRETCH: usize = 64;

/// The pool of one node.
pub(crate) struct Pool {
    state: Mutex<State>,
    crew: Crew<Begun>,
    runtime: Handle,
    /// Its network and its clock are: work has no threads.
    is_simulated: bool,
    /// No blocking work runs any more.
    rested: Notify,
    me: Weak<Self>,
}

struct State {
    lines: Lines<Piece>,
    at_work: BTreeMap<u64, AtWork>,
    /// Of the next piece that begins, and of the next that has no key.
    next: u64,
    /// Somebody is at [`Pool::begin`], and looks again before it ends.
    begins: bool,
    closed: bool,
    counts: OffloadCounts,
}

/// A piece that runs.
struct AtWork {
    told: Arc<dyn Told>,
    owner: Arc<Owner>,
    by: By,
    kind: Kind,
    /// Of a future.
    task: Option<AbortHandle>,
}

/// The rest of what may begin, which a task sees to; or whoever drops it, with a runtime that has ended.
struct Rest {
    pool: Arc<Pool>,
    is_done: bool,
}

/// A piece that has its slot. When it is dropped the slot is free.
struct Begun {
    pool: Arc<Pool>,
    line: Line,
    kind: Kind,
    number: u64,
    piece: Option<Piece>,
    ran: Ran,
}

impl Pool {
    /// `is_real`: the network is that of the machine. To be called on the runtime.
    pub(crate) fn new(settings: Offload, runtime: Handle, is_real: bool) -> Arc<Self> {
        let is_simulated = !is_real && !is_clock_real();
        let lines = Lines::new(settings.most_threads(is_simulated), settings.futures, settings.waiting);
        let counts = OffloadCounts::default();
        let state = State { lines, at_work: BTreeMap::new(), next: 0, begins: false, closed: false, counts };
        Arc::new_cyclic(|me| Self {
            state: Mutex::new(state),
            crew: Crew::new(),
            runtime,
            is_simulated,
            rested: Notify::new(),
            me: me.clone(),
        })
    }

    /// As whoever ends an owner knows it.
    pub(super) fn weak(&self) -> Weak<dyn Sweep> {
        self.me.clone()
    }

    /// Takes a piece, which begins now or later, or refuses it. Without a line it waits for no other.
    pub(super) fn put(&self, line: Option<Line>, piece: Piece) {
        match self.take(line, piece) {
            Ok(()) => self.begin(),
            Err((piece, Some(error))) => piece.refuse(error),
            Err((piece, None)) => drop(piece.forget()),
        }
    }

    fn take(&self, line: Option<Line>, piece: Piece) -> Result<(), (Piece, Option<OffloadError>)> {
        let mut state = lock(&self.state);
        if state.closed {
            return Err((piece, Some(OffloadError::Closed)));
        }
        // Those that wait of one that has ended have been dropped already.
        if piece.owner.has_ended() {
            state.counts.dropped += 1;
            return Err((piece, None));
        }
        let line = line.unwrap_or_else(|| Line::Alone(state.number()));
        let kind = piece.kind();
        state.lines.put(line, kind, piece).map_err(|(piece, no_room)| {
            state.counts.refused += 1;
            let error = match no_room {
                NoRoom::AtAll => OffloadError::Full { waiting: state.lines.waiting(), running: state.at_work.len() },
                NoRoom::InLine => OffloadError::KeyFull { waiting: state.lines.waiting_in(line) },
            };
            (piece, Some(error))
        })
    }

    /// Lets all begin that may. One at a time does so, and those that come meanwhile leave it to that one: they begin in their order,
    /// and a runtime that drops what it is given does so in no deeper and deeper calls.
    fn begin(&self) {
        if std::mem::replace(&mut lock(&self.state).begins, true) || !self.begin_some() {
            return;
        }
        // Whoever is here may be a handler, which does not do this for all others for ever.
        if let Some(pool) = self.me.upgrade() {
            self.runtime.spawn(Rest { pool, is_done: false }.begin());
        }
    }

    /// A number of those that may begin. Says whether there may be more, which somebody is to see to.
    fn begin_some(&self) -> bool {
        for _ in 0..AT_A_STRETCH {
            let Some(begun) = self.next() else { return false };
            if let Err(panic) = attempt(|| self.launch(begun)) {
                tracing::error!(target: "ember::service", %panic, "offloaded work could not be begun");
            }
        }
        true
    }

    /// The next that may begin. If there is none, whoever comes next is to look.
    fn next(&self) -> Option<Begun> {
        let mut state = lock(&self.state);
        let Some((line, kind, piece)) = state.lines.begin() else {
            state.begins = false;
            return None;
        };
        let number = state.number();
        let (told, owner, by) = (piece.told(), Arc::clone(&piece.owner), piece.by);
        state.at_work.insert(number, AtWork { told, owner, by, kind, task: None });
        let pool = self.me.upgrade();
        drop(state);
        // It is held by whoever is here.
        pool.map(|pool| Begun { pool, line, kind, number, piece: Some(piece), ran: Ran::Not })
    }

    fn launch(&self, mut begun: Begun) {
        match begun.kind {
            Kind::Async => {
                let number = begun.number;
                let task = self.runtime.spawn(begun.future()).abort_handle();
                let mut state = lock(&self.state);
                let closed = state.closed;
                let Some(at_work) = state.at_work.get_mut(&number) else { return };
                // Whoever has ended it before did not find the task.
                let is_over = closed || at_work.owner.has_ended();
                at_work.task = Some(task.clone());
                drop(state);
                if is_over {
                    task.abort();
                }
            }
            // On the host's own thread, so that a seed replays.
            Kind::Blocking if self.is_simulated => drop(self.runtime.spawn(async move { begun.run() })),
            // Tokio's own threads keep a paused clock from running on.
            Kind::Blocking if !is_clock_real() => drop(self.runtime.spawn_blocking(move || begun.run())),
            Kind::Blocking => self.give(begun),
        }
    }

    fn give(&self, begun: Begun) {
        match self.crew.give(begun) {
            Ok(Given::Taken) => {}
            Ok(Given::StartOne) => {
                let Some(pool) = self.me.upgrade() else { return };
                let thread = thread::Builder::new().name("ember-offload".into()).spawn(move || pool.work());
                if let Err(error) = thread {
                    for mut begun in self.crew.could_not_start() {
                        begun.refuse(OffloadError::NoThread(error.to_string()));
                    }
                }
            }
            Err(mut begun) => begun.refuse(OffloadError::Closed),
        }
    }

    /// What a thread does.
    fn work(&self) {
        let _runtime = self.runtime.enter();
        while let Some(mut begun) = self.crew.next(PATIENCE) {
            // What is the user's is caught where it runs. A subscriber of spans may panic too, and has said so by its panic: the thread goes on.
            let _ = attempt(|| begun.run());
            self.crew.rest();
            let _ = attempt(|| drop(begun));
        }
    }

    fn end(&self, line: Line, kind: Kind, number: u64, ran: Ran) {
        let mut state = lock(&self.state);
        let at_work = state.at_work.remove(&number);
        state.lines.end(line, kind);
        match ran {
            Ran::Done => state.counts.done += 1,
            Ran::Panicked => state.counts.panicked += 1,
            Ran::Not => state.counts.dropped += 1,
        }
        let rested = kind == Kind::Blocking && state.blocking().next().is_none();
        drop(state);
        drop(at_work);
        if rested {
            self.rested.notify_waiters();
        }
        self.begin();
    }

    /// Ends it: what waits is refused, futures are dropped, and nothing more is taken. Blocking work that runs cannot be stopped: it goes on
    /// to its end on its thread, and nobody is told of that.
    pub(crate) fn close(&self) {
        let mut state = lock(&self.state);
        state.closed = true;
        let waiting = state.lines.take_out(|_| true);
        let at_work: Vec<_> = state.at_work.values().map(|it| (Arc::clone(&it.told), it.task.clone())).collect();
        drop(state);
        // In the order of each line: first who has begun, then who waits.
        for (told, task) in at_work {
            told.fail(OffloadError::Closed);
            task.into_iter().for_each(|task| task.abort());
        }
        for mut begun in self.crew.close() {
            begun.refuse(OffloadError::Closed);
        }
        for piece in waiting {
            piece.refuse(OffloadError::Closed);
        }
    }

    /// Waits until no blocking work runs. Cancel safe.
    pub(crate) async fn at_rest(&self) {
        loop {
            let rested = self.rested.notified();
            if lock(&self.state).blocking().next().is_none() {
                return;
            }
            rested.await;
        }
    }

    /// The service and the method of each piece of blocking work that runs.
    pub(crate) fn at_work(&self) -> Vec<(&'static str, &'static str)> {
        lock(&self.state).blocking().map(|it| (it.by.service, it.by.method)).collect()
    }

    pub(crate) fn counts(&self) -> OffloadCounts {
        let state = lock(&self.state);
        let running = state.blocking().count();
        OffloadCounts {
            waiting: state.lines.waiting(),
            keys: state.lines.count(),
            running,
            futures: state.at_work.len() - running,
            threads: self.crew.threads(),
            ..state.counts
        }
    }
}

impl Sweep for Pool {
    fn sweep(&self) {
        let mut state = lock(&self.state);
        let waiting = state.lines.take_out(|piece| piece.owner.has_ended());
        state.counts.dropped += waiting.len() as u64;
        let ended = state.at_work.values().filter(|it| it.owner.has_ended());
        let at_work: Vec<_> = ended.map(|it| (Arc::clone(&it.told), it.task.clone())).collect();
        drop(state);
        for piece in waiting {
            piece.forget();
        }
        for (told, task) in at_work {
            told.forget();
            task.into_iter().for_each(|task| task.abort());
        }
        self.begin();
    }
}

impl State {
    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn blocking(&self) -> impl Iterator<Item = &AtWork> {
        self.at_work.values().filter(|it| it.kind == Kind::Blocking)
    }
}

impl Begun {
    fn run(&mut self) {
        if let Some(piece) = self.piece.take() {
            self.ran = piece.run();
        }
    }

    async fn future(mut self) {
        if let Some(piece) = self.piece.take() {
            self.ran = piece.future().await;
        }
    }

    fn refuse(&mut self, error: OffloadError) {
        if let Some(piece) = self.piece.take() {
            piece.refuse(error);
        }
    }
}

impl Rest {
    async fn begin(mut self) {
        while self.pool.begin_some() {
            yield_now().await;
        }
        self.is_done = true;
    }
}

impl Drop for Rest {
    fn drop(&mut self) {
        while !self.is_done && self.pool.begin_some() {}
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        self.refuse(OffloadError::NoThread("the runtime of the node has ended, or has no more".into()));
        let Self { ref pool, line, kind, number, ran, .. } = *self;
        pool.end(line, kind, number, ran);
    }
}

/// Whether the clock of the present runtime is that of the machine, and not one that a test has paused.
#[allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "asks whether both clocks show the same")]
fn is_clock_real() -> bool {
    let before = std::time::Instant::now();
    let shown = tokio::time::Instant::now().into_std();
    (before..=std::time::Instant::now()).contains(&shown)
}
