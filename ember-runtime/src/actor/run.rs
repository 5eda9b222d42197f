//! The life of a service, on its own task: start, handle messages one at a time, stop.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::{Cell, Core, HookKind, Host, Service, ServiceState, keyed};
use crate::error::{Error, Result};

/// Runs `service` until its mailbox has been closed and emptied. `ready` is told how `init` and `start` went.
pub(crate) async fn run<S: Service>(
    mut service: S,
    cell: Arc<Cell<S>>,
    host: Arc<dyn Host>,
    ready: oneshot::Sender<Result<()>>,
) {
    let mut ending = Ending { cell: Arc::clone(&cell), state: ServiceState::Failed };
    let mut core = Core::new::<S>(host, Arc::clone(&cell) as _);
    if let Err(error) = start(&mut service, &mut core, &cell).await {
        let _ = ready.send(Err(error));
        return;
    }
    cell.set_state(ServiceState::Running);
    let _ = ready.send(Ok(()));
    while let Some(job) = cell.mailbox.next().await {
        keyed::run(job, &mut service, &mut core, &cell).await;
        // A service that always has work must not keep the other tasks of its thread from running.
        tokio::task::consume_budget().await;
    }
    ending.state = stop(&mut service, &mut core, &cell).await;
}

async fn start<S: Service>(service: &mut S, core: &mut Core, cell: &Arc<Cell<S>>) -> Result<()> {
    core.begin();
    for kind in [HookKind::Init, HookKind::Start] {
        for (_, hook) in cell.table.hooks.iter().filter(|(of, _)| *of == kind) {
            hook(service, core)
                .await
                .map_err(|cause| Error::ServiceStart { service: S::SPEC.name.into(), cause: cause.into() })?;
        }
    }
    keyed::settle(service, core, cell)
        .await
        .map_err(|cause| Error::ServiceStart { service: S::SPEC.name.into(), cause: cause.into() })
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

/// Settles the cell however the task ends, also when it is aborted.
struct Ending<S: Service> {
    cell: Arc<Cell<S>>,
    state: ServiceState,
}

impl<S: Service> Drop for Ending<S> {
    fn drop(&mut self) {
        self.cell.end(self.state);
    }
}
