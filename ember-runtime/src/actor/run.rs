//! The life of a service, on its own task: start, handle messages one at a time, fail and start again, stop.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Duration,
};

use tokio::{sync::oneshot, time::timeout};

use super::{
    AnyCell, Cell, Core, HookKind, Host, OnPanic, Restart, Service, ServiceState, Supervision, keyed,
    supervision::Budget,
};
use crate::error::{Error, Result};

/// Where the state of a service comes from.
pub(crate) enum Source<S> {
    /// It was given; taken with the first start.
    Value(Option<S>),
    /// Made anew for each start.
    Factory(Box<dyn FnMut() -> S + Send>),
}

/// What the task of a service is given.
pub(crate) struct Life<S: Service> {
    pub(crate) source: Source<S>,
    pub(crate) supervision: Supervision,
    pub(crate) ending: Ending<S>,
    /// Is told how the first `init` and `start` went.
    pub(crate) ready: oneshot::Sender<Result<()>>,
}

/// Why a service no longer handles messages.
enum End {
    /// Its mailbox is closed and empty.
    Drained,
    /// It has stopped itself, and is to be started again.
    Asked,
    Panicked,
}

/// Runs a service until its mailbox has been closed and emptied, or until it has failed for good.
pub(crate) async fn run<S: Service>(life: Life<S>) {
    let Life { mut source, supervision, mut ending, ready } = life;
    let (cell, host) = (Arc::clone(&ending.cell), Arc::clone(&ending.host));
    let mut core = Core::new::<S>(Arc::clone(&host), Arc::clone(&cell) as _);
    let mut service = match start(&mut source, &mut core, &cell).await {
        Ok(service) => service,
        Err(error) => {
            let _ = ready.send(Err(error));
            return;
        }
    };
    cell.up(&*host);
    let _ = ready.send(Ok(()));
    let mut budget = Budget::new(supervision);
    loop {
        match serve(&mut service, &mut core, &cell, supervision).await {
            End::Drained => {
                ending.state = stop(&mut service, &mut core, &cell).await;
                return;
            }
            // Its `stop` is told in the log if it fails; the next life begins all the same.
            End::Asked => drop(stop(&mut service, &mut core, &cell).await),
            End::Panicked if supervision.on_panic == OnPanic::Stop || supervision.restart == Restart::Never => {
                tracing::error!(target: "ember::service", service = S::SPEC.name, pid = %cell.pid(), "failed: it panicked");
                return;
            }
            End::Panicked => {}
        }
        drop(service);
        service = match revive(&mut source, &mut core, &cell, &mut budget).await {
            Ok(service) => service,
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
    core: &mut Core,
    cell: &Arc<Cell<S>>,
    budget: &mut Budget,
) -> Result<S, ServiceState> {
    let (service, pid) = (S::SPEC.name, cell.pid());
    cell.fall();
    core.host.restarts(pid);
    loop {
        let Some(pause) = budget.take(core.host.rng()) else {
            tracing::error!(target: "ember::service", service, %pid, "failed: its restarts are used up");
            return Err(ServiceState::Failed);
        };
        tracing::warn!(target: "ember::service", service, %pid, ?pause, "it will be started again");
        if retires(cell, pause).await {
            return Err(ServiceState::Stopped);
        }
        match start(source, core, cell).await {
            Ok(service) => return Ok(service),
            Err(error) => tracing::error!(target: "ember::service", service, %pid, %error, "a restart did not succeed"),
        }
    }
}

/// Waits; `true` as soon as the service is retired.
async fn retires<S: Service>(cell: &Arc<Cell<S>>, pause: Duration) -> bool {
    let mut state = cell.state();
    timeout(pause, state.wait_for(|state| *state == ServiceState::Retiring)).await.is_ok()
}

/// Handles messages until there is a reason not to.
async fn serve<S: Service>(service: &mut S, core: &mut Core, cell: &Arc<Cell<S>>, supervision: Supervision) -> End {
    loop {
        if std::mem::take(&mut core.stop) {
            if supervision.restart == Restart::Always && *cell.state().borrow() != ServiceState::Retiring {
                return End::Asked;
            }
            cell.retire();
        }
        let Some(job) = cell.mailbox.next().await else { return End::Drained };
        keyed::run(job, service, core, cell).await;
        // A service that always has work must not keep the other tasks of its thread from running.
        tokio::task::consume_budget().await;
        if std::mem::take(&mut core.panicked) && supervision.on_panic != OnPanic::Resume {
            return End::Panicked;
        }
    }
}

async fn start<S: Service>(source: &mut Source<S>, core: &mut Core, cell: &Arc<Cell<S>>) -> Result<S> {
    core.begin();
    let failed = |cause: Error| Error::ServiceStart { service: S::SPEC.name.into(), cause: cause.into() };
    let mut service = match source {
        Source::Value(value) => value.take().ok_or_else(|| failed(Error::other("it has no factory")))?,
        Source::Factory(make) => {
            catch_unwind(AssertUnwindSafe(make)).map_err(|_| failed(Error::other("its factory panicked")))?
        }
    };
    for kind in [HookKind::Init, HookKind::Start] {
        for (_, hook) in cell.table.hooks.iter().filter(|(of, _)| *of == kind) {
            hook(&mut service, core).await.map_err(failed)?;
        }
    }
    keyed::settle(&mut service, core, cell).await.map_err(failed)?;
    core.panicked = false;
    Ok(service)
}

/// Children stop before their parents, so in reverse.
async fn stop<S: Service>(service: &mut S, core: &mut Core, cell: &Arc<Cell<S>>) -> ServiceState {
    let mut state = ServiceState::Stopped;
    keyed::stop_all(service, core, cell).await;
    for (_, hook) in cell.table.hooks.iter().rev().filter(|(of, _)| *of == HookKind::Stop) {
        if let Err(error) = hook(service, core).await {
            tracing::error!(target: "ember::service", service = S::SPEC.name, pid = %core.pid(), %error, "`stop` failed");
            state = ServiceState::Failed;
        }
    }
    state
}

/// Settles the cell however the task ends, also when it is aborted, even before it has begun.
pub(crate) struct Ending<S: Service> {
    cell: Arc<Cell<S>>,
    host: Arc<dyn Host>,
    state: ServiceState,
}

impl<S: Service> Ending<S> {
    /// The ending of a service that fails unless something else is said.
    pub(crate) fn new(cell: Arc<Cell<S>>, host: Arc<dyn Host>) -> Self {
        Self { cell, host, state: ServiceState::Failed }
    }
}

impl<S: Service> Drop for Ending<S> {
    fn drop(&mut self) {
        self.cell.end(self.state);
        self.host.ended(self.cell.pid(), self.state);
    }
}
