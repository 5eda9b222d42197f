//! The life of a service, as its driver sees it: start, serve, fail and start again, stop.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::FutureExt;
use tokio::time::timeout;

use super::{
    AnyCell, Body, Cell, Core, HookKind, Host, Place, Service,
    execute::report,
    keyed,
    serve::{End, finish, serve},
    waiting::{Calls, Post},
};
use crate::{
    actor::about::{Budget, OnPanic, Restart, ServiceState},
    error::{Error, RefusedReason, Result},
    mailbox::Batch,
    message::Chain,
    panics::{caught, dispose, told},
};

/// Where the state of a service comes from.
pub(crate) enum Source<S> {
    /// It was given; taken with the first start.
    Value(Option<S>),
    /// Made anew for each start.
    Factory(Box<dyn FnMut() -> S + Send>),
}

/// Runs a service until its mailbox has been closed and emptied, or until it has failed for good. `waiting` wait for its start;
/// `ready` is told how the first `init` and `start` went; a service that needs none of them may have been running already.
pub(super) async fn run<S: Service>(
    mut ending: Ending<S>,
    mut source: Source<S>,
    waiting: Option<Arc<Chain>>,
    ready: impl FnOnce(Result<()>),
) {
    let (cell, host) = (Arc::clone(&ending.cell), Arc::clone(&ending.host));
    let mut held = cell.turn().await;
    if cell.is_aborted() {
        return;
    }
    let mut body = match held.take() {
        Place::Empty => {
            let mut core = Core::new::<S>(Arc::clone(&host), Arc::clone(&cell) as _);
            core.started_for = waiting;
            match start(&mut source, core, &cell).await {
                Ok(mut body) => {
                    body.core.started_for = None;
                    cell.up(&*host);
                    ready(Ok(()));
                    body
                }
                Err((_, error)) => return ready(Err(error)),
            }
        }
        Place::Idle(body) => body,
        Place::Suspended(running, changed) => finish(&mut held, running, changed, None, &cell).await,
    };
    let mut budget = Budget::new(cell.supervision());
    loop {
        let end;
        (held, body, end) = serve(body, held, &mut ending.batch, &cell).await;
        let policy = cell.supervision();
        match end {
            End::Drained => {
                ending.state = stop(&mut body, &cell).await;
                if bury(*body) == ServiceState::Failed {
                    ending.state = ServiceState::Failed;
                }
                return;
            }
            // Its `stop` is told in the log if it fails; the next life begins all the same.
            End::Asked => drop(stop(&mut body, &cell).await),
            End::Panicked if policy.on_panic == OnPanic::Stop || policy.restart == Restart::Never => {
                tracing::error!(target: "ember::service", service = S::SPEC.name, pid = %cell.pid(), "failed: it panicked");
                bury(*body);
                return;
            }
            End::Panicked => {}
        }
        // Its state may panic as it is dropped: it has failed once, whatever comes of it.
        let (core, _) = part(*body);
        body = match revive(&mut source, core, &cell, &mut budget).await {
            Ok(body) => body,
            Err(state) => {
                ending.state = state;
                return;
            }
        };
        cell.up(&*host);
    }
}

/// Starts a service again: after a pause, and again, until it works, the budget is used up, or the service is retired. On
/// an error the state that it ends in.
async fn revive<S: Service>(
    source: &mut Source<S>,
    mut core: Core,
    cell: &Arc<Cell<S>>,
    budget: &mut Budget,
) -> Result<Box<Body<S>>, ServiceState> {
    let (service, pid) = (S::SPEC.name, cell.pid());
    cell.fall();
    core.host.restarts(pid);
    loop {
        let Some(pause) = budget.take(core.host.rng()) else {
            tracing::error!(target: "ember::service", service, %pid, "failed: its restarts are used up");
            drop(dispose(core));
            return Err(ServiceState::Failed);
        };
        tracing::warn!(target: "ember::service", service, %pid, ?pause, "it will be started again");
        if retires(cell, pause).await {
            drop(dispose(core));
            return Err(ServiceState::Stopped);
        }
        match start(source, core, cell).await {
            Ok(body) => return Ok(body),
            Err((returned, error)) => {
                core = returned;
                let error = told(error);
                tracing::error!(target: "ember::service", service, %pid, error, "a restart did not succeed");
            }
        }
    }
}

/// Waits; `true` as soon as the service is retired.
async fn retires<S: Service>(cell: &Arc<Cell<S>>, pause: Duration) -> bool {
    let mut state = cell.states();
    timeout(pause, state.wait_for(|state| *state == ServiceState::Retiring)).await.is_ok()
}

/// Makes and starts the service. What it was started with, comes back if it does not.
async fn start<S: Service>(
    source: &mut Source<S>,
    mut core: Core,
    cell: &Arc<Cell<S>>,
) -> Result<Box<Body<S>>, (Core, Error)> {
    core.begin();
    let failed = |cause: Error| Error::ServiceStart { service: S::SPEC.name.into(), cause: cause.into() };
    let service = match source {
        Source::Value(value) => value.take().ok_or_else(|| Error::other("it has no factory")),
        Source::Factory(make) => {
            let mut made = None;
            caught(&mut || made = Some(make()))
                .map_err(|panic| Error::other(format!("its factory panicked: {panic}")))
                .and_then(|()| made.ok_or_else(|| Error::other("its factory made nothing")))
        }
    };
    let mut body = match service {
        Ok(service) => Body::new(service, core, cell),
        Err(error) => return Err((core, failed(error))),
    };
    match begin(&mut body, cell).await {
        Ok(()) => {
            (body.core.panicked, body.core.changed) = (false, false);
            Ok(body)
        }
        Err(error) => Err((part(*body).0, failed(error))),
    }
}

/// Runs `init` and `start`, and starts the modules under keys.
async fn begin<S: Service>(body: &mut Body<S>, cell: &Arc<Cell<S>>) -> Result<()> {
    for kind in [HookKind::Init, HookKind::Start] {
        for (_, hook) in cell.table.hooks.iter().filter(|(of, _)| *of == kind) {
            hook(body).await?;
        }
    }
    settle(body, cell).await
}

/// Starts and stops modules under keys. Code of the user's that runs beside their hooks may panic, too.
pub(super) async fn settle<S: Service>(body: &mut Body<S>, cell: &Arc<Cell<S>>) -> Result<()> {
    let settled = AssertUnwindSafe(keyed::settle(body, cell)).catch_unwind().await;
    settled.unwrap_or_else(|panic| Err(Error::other(format!("it panicked: {}", report(body, panic.into())))))
}

/// Takes leave of the state of a service. It is the user's, and may panic as it is dropped; then it is said in the log.
fn part<S: Service>(body: Body<S>) -> (Core, ServiceState) {
    let Body { service, core, .. } = body;
    let mut state = ServiceState::Stopped;
    if let Err(panic) = dispose(service) {
        state = ServiceState::Failed;
        tracing::error!(target: "ember::service", service = S::SPEC.name, pid = %core.pid(), %panic, "its state panicked as it was dropped");
    }
    (core, state)
}

/// The same for the last time: how the service has ended.
pub(super) fn bury<S: Service>(body: Body<S>) -> ServiceState {
    let (core, state) = part(body);
    let pid = core.pid();
    match dispose(core) {
        Ok(()) => state,
        Err(panic) => {
            tracing::error!(target: "ember::service", service = S::SPEC.name, %pid, %panic, "a callback panicked as it was dropped");
            ServiceState::Failed
        }
    }
}

/// Children stop before their parents, so in reverse.
async fn stop<S: Service>(body: &mut Body<S>, cell: &Arc<Cell<S>>) -> ServiceState {
    let mut state = ServiceState::Stopped;
    if let Err(panic) = AssertUnwindSafe(keyed::stop_all(body, cell)).catch_unwind().await {
        report(body, panic.into());
        state = ServiceState::Failed;
    }
    for (_, hook) in cell.table.hooks.iter().rev().filter(|(of, _)| *of == HookKind::Stop) {
        if let Err(error) = hook(body).await {
            let error = told(error);
            tracing::error!(target: "ember::service", service = S::SPEC.name, pid = %body.core.pid(), error, "`stop` failed");
            state = ServiceState::Failed;
        }
    }
    state
}

/// Settles the cell however the driver ends, also when it is aborted, even before it has begun.
pub(crate) struct Ending<S: Service> {
    cell: Arc<Cell<S>>,
    host: Arc<dyn Host>,
    state: ServiceState,
    /// What it has taken out of the mailbox, and not begun.
    batch: Batch<Post<S>, Calls<S>>,
}

impl<S: Service> Ending<S> {
    /// The ending of a service, in this state unless something else is said.
    pub(crate) fn new(cell: Arc<Cell<S>>, host: Arc<dyn Host>, state: ServiceState) -> Self {
        Self { cell, host, state, batch: Batch::new() }
    }
}

impl<S: Service> Drop for Ending<S> {
    fn drop(&mut self) {
        let (posts, mut calls) = std::mem::replace(&mut self.batch, Batch::new()).into_rest();
        posts.for_each(|post| calls.refuse_guarded(post, RefusedReason::Stopped));
        self.cell.end(self.state);
        self.host.ended(self.cell.pid(), self.state);
    }
}
