//! One piece of work, of which the pool knows neither what it does nor what it comes to.

use std::{
    future::ready,
    sync::{Arc, Mutex},
};

use futures_util::future::BoxFuture;
use tracing::{Instrument, Span};

use super::{lines::Kind, owner::Owner};
use crate::{
    error::OffloadError,
    panics::{Panic, attempt, dispose, outlived},
    sync::lock,
};

/// What is to be done.
pub(super) enum Run<T> {
    Blocking(Box<dyn FnOnce() -> T + Send>),
    Async(BoxFuture<'static, T>),
}

/// Where it was asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct By {
    pub(super) service: &'static str,
    pub(super) method: &'static str,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ran {
    Done,
    Panicked,
    Not,
}

/// A piece of work that has not begun.
pub(super) struct Piece {
    work: Run<Ran>,
    told: Arc<dyn Told>,
    pub(super) owner: Arc<Owner>,
    pub(super) by: By,
}

/// Whoever is to be told what a piece has come to: once, or never.
pub(super) trait Told: Send + Sync {
    fn fail(&self, error: OffloadError);

    /// Nobody wants to know any more.
    fn forget(&self);
}

type TellFn<T> = Box<dyn FnOnce(Result<T, OffloadError>) + Send>;

struct Tell<T> {
    by: By,
    tell: Mutex<Option<TellFn<T>>>,
}

impl<T> Tell<T> {
    fn tell(&self, outcome: Result<T, OffloadError>) {
        let tell = lock(&self.tell).take();
        self.guarded(|| match tell {
            Some(tell) => tell(outcome),
            None => drop(outcome),
        });
    }

    /// What is the user's may panic as it is dropped, which is nobody's answer.
    fn guarded(&self, action: impl FnOnce()) {
        if let Err(panic) = attempt(action) {
            let By { service, method } = self.by;
            tracing::error!(target: "ember::service", service, method, %panic, "what belongs to offloaded work panicked as it was dropped");
        }
    }

    /// The work has ended.
    fn ended(&self, outcome: Result<T, OffloadError>) -> Ran {
        let ran = match &outcome {
            Err(OffloadError::Panicked(panic)) => {
                let By { service, method } = self.by;
                tracing::error!(target: "ember::service", service, method, %panic, "offloaded work panicked");
                Ran::Panicked
            }
            _ => Ran::Done,
        };
        self.tell(outcome);
        ran
    }
}

impl<T> Told for Tell<T> {
    fn fail(&self, error: OffloadError) {
        self.tell(Err(error));
    }

    fn forget(&self) {
        let tell = lock(&self.tell).take();
        self.guarded(|| drop(tell));
    }
}

impl Piece {
    /// A piece that runs in `span`, and tells what it comes to.
    pub(super) fn new<T: Send + 'static>(
        run: Run<T>,
        (owner, by, span): (Arc<Owner>, By, Span),
        tell: impl FnOnce(Result<T, OffloadError>) + Send + 'static,
    ) -> Self {
        let told = Arc::new(Tell { by, tell: Mutex::new(Some(Box::new(tell) as TellFn<T>)) });
        let teller = Arc::clone(&told);
        let work = match run {
            Run::Blocking(work) => Run::Blocking(Box::new(move || {
                let outcome = attempt(|| span.in_scope(work));
                teller.ended(outcome.map_err(|panic| OffloadError::Panicked(panic.to_string())))
            })),
            Run::Async(future) => Run::Async(Box::pin(async move {
                let mut future = Box::pin(future.instrument(span));
                let outcome = outlived(future.as_mut()).await;
                teller.guarded(|| drop(future));
                teller.ended(outcome.map_err(|panic| OffloadError::Panicked(Panic::from(panic).to_string())))
            })),
        };
        Self { work, told, owner, by }
    }

    pub(super) fn kind(&self) -> Kind {
        match self.work {
            Run::Blocking(_) => Kind::Blocking,
            Run::Async(_) => Kind::Async,
        }
    }

    pub(super) fn told(&self) -> Arc<dyn Told> {
        Arc::clone(&self.told)
    }

    /// Does it, if its owner is there still. For a future see [`future`](Self::future).
    pub(super) fn run(self) -> Ran {
        if !self.owner.is_there() {
            return self.forget();
        }
        match self.work {
            Run::Blocking(work) => work(),
            Run::Async(_) => Ran::Not,
        }
    }

    /// The same for a future.
    pub(super) fn future(self) -> BoxFuture<'static, Ran> {
        if !self.owner.is_there() {
            return Box::pin(ready(self.forget()));
        }
        match self.work {
            Run::Async(future) => future,
            Run::Blocking(work) => Box::pin(async move { work() }),
        }
    }

    /// Drops it, and tells why.
    pub(super) fn refuse(self, error: OffloadError) {
        self.told.fail(error);
        self.forget();
    }

    /// Drops it, and tells nobody.
    pub(super) fn forget(self) -> Ran {
        let Self { work, told, by: By { service, method }, .. } = self;
        told.forget();
        if let Err(panic) = dispose(work) {
            tracing::error!(target: "ember::service", service, method, %panic, "offloaded work panicked as it was dropped unrun");
        }
        Ran::Not
    }
}
