//! The life of a service, as its driver sees it: start, serve, fail and start again, stop.

use std::{pin::pin, sync::Arc, time::Duration};

use tokio::{task::AbortHandle, time::timeout};

use super::{
    limited::limited,
    serve::{End, finish, serve},
    settle::{settle, stop_all},
    together::serve_together,
};
use crate::{
    actor::{
        about::{Budget, OnPanic, Restart, ServiceState, Shard},
        cell::{Cell, Ending, Ready, Seat, Source, bury, part},
        erased::{AnyCell, Core, Host},
        service::{Body, Here, HookKind, Service, route},
        turn::{Held, InLine},
    },
    error::{Error, Result},
    message::Chain,
    panics::{caught, dispose, outlived, told},
};

/// A replicated service that has failed waits so long for what it has committed.
const ACKNOWLEDGED: Duration = Duration::from_secs(1);

/// Makes the driver of a service.
pub(super) fn drive<S: Service>(
    cell: Arc<Cell<S>>,
    host: Arc<dyn Host>,
    source: Source<S>,
    waiting: Option<Arc<Chain>>,
    ready: Ready,
) -> AbortHandle {
    let runtime = host.runtime().clone();
    if const { S::SPEC.is_limited() }
        && let Some(limit) = cell.identity.workers()
    {
        let place = InLine::new(Arc::clone(limit), cell.shard().map_or(0, Shard::number));
        let ending = Ending::new(cell, host, ServiceState::Failed);
        return runtime.spawn(limited(place, run(ending, source, waiting, ready))).abort_handle();
    }
    let ending = Ending::new(cell, host, ServiceState::Failed);
    runtime.spawn(run(ending, source, waiting, ready)).abort_handle()
}

/// Runs a service until its mailbox has been closed and emptied, or until it has failed for good. `waiting` wait for its start;
/// `ready` is told how the first `init` and `start` went; a service that needs none of them may have been running already.
async fn run<S: Service>(mut ending: Ending<S>, mut source: Source<S>, waiting: Option<Arc<Chain>>, ready: Ready) {
    let (cell, host) = (Arc::clone(&ending.cell), Arc::clone(&ending.host));
    let mut held = cell.turn().await;
    if cell.is_aborted() {
        return;
    }
    let mut body = match held.take() {
        Seat::Empty => {
            let core = Core::new(Arc::clone(&host), Arc::clone(&cell) as _, route::<S, Here>);
            let mut core = if const { S::SPEC.elected } {
                core.in_office(host.office(cell.pid)).replicated(S::REPLICA)
            } else {
                core
            };
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
        Seat::Idle(body) => body,
        Seat::Suspended(running, changed) => finish(&mut held, running, changed, None, &cell).await,
    };
    let mut budget = Budget::new(cell.supervision());
    loop {
        let end;
        (held, body, end) = match served(body, held, &mut ending, &cell).await {
            Some(left) => left,
            None => {
                tracing::error!(target: "ember::service", service = S::SPEC.name, pid = %cell.pid(), "failed: its state was lost");
                return;
            }
        };
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

/// Has the service handle messages, one at a time or several, until there is a reason not to. None if its state was lost.
async fn served<'a, S: Service>(
    body: Box<Body<S>>,
    held: Held<'a, Seat<S>>,
    ending: &mut Ending<S>,
    cell: &'a Arc<Cell<S>>,
) -> Option<(Held<'a, Seat<S>>, Box<Body<S>>, End)> {
    match cell.together.as_deref() {
        Some(together) => serve_together(body, held, together, cell).await,
        None => serve(body, held, &mut ending.batch, cell).await,
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
    if let Some(held) = &core.held {
        // Its office goes with this life, and what it has committed is to be known to the others by then.
        let _late = timeout(ACKNOWLEDGED, held.replica.settled()).await;
    }
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
        Source::PerShard(_) => Err(Error::other("it is no shard")),
        Source::Factory(make) => {
            let mut made = None;
            caught(&mut || made = Some(make()))
                .map_err(|panic| Error::other(format!("its factory panicked: {panic}")))
                .and_then(|()| made.ok_or_else(|| Error::other("its factory made nothing")))
        }
    };
    let mut body = match service {
        Ok(service) => Body::new(service, core, Arc::clone(cell) as _),
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
        for hook in cell.blueprint.table.of(kind) {
            hook(body).await?;
        }
    }
    settle(body, cell).await
}

/// Children stop before their parents, so in reverse.
async fn stop<S: Service>(body: &mut Body<S>, cell: &Arc<Cell<S>>) -> ServiceState {
    let mut state = ServiceState::Stopped;
    let stopped = outlived(pin!(stop_all(body, &cell.blueprint.table))).await;
    if let Err(panic) = stopped {
        body.report(panic.into());
        state = ServiceState::Failed;
    }
    for hook in cell.blueprint.table.of(HookKind::Stop).rev() {
        if let Err(error) = hook(body).await {
            let error = told(error);
            tracing::error!(target: "ember::service", service = S::SPEC.name, pid = %body.core.pid(), error, "`stop` failed");
            state = ServiceState::Failed;
        }
    }
    state
}
