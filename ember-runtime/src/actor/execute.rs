//! Running one handler: into the unit, under its context, with panics caught.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
};

use futures_util::{FutureExt, future::BoxFuture};

use super::{Core, Cx, HandledBy, HookOf, NotEntered, OnEvent, Path, Service};
use crate::{
    error::{Error, Failure, LostReason, RefusedReason, Result},
    message::{Envelope, Handled, Keys},
};

/// Goes to the unit at `L`, and notes in `keys` which module was found there.
fn enter<'s, S: Service, L: Path<S>>(service: &'s mut S, keys: &mut Keys) -> Result<L::Guard<'s>, NotEntered> {
    let mut reader = keys.reader();
    let guard = L::enter(service, &mut reader)?;
    let found = reader.into_found();
    if !found.is_empty() {
        keys.found(found);
    }
    Ok(guard)
}

/// Runs the method `M` on the unit at `L`. A method that can be cancelled is dropped when `gone` is ready, which gives `None`.
pub(super) async fn execute<S: Service, L: Path<S>, M: HandledBy<L::Unit>>(
    service: &mut S,
    core: &mut Core,
    mut envelope: Envelope,
    args: M::Args,
    gone: impl Future<Output = ()>,
) -> Option<Result<Handled<M::Value, M::Error>, Failure>> {
    let mut guard = match enter::<S, L>(service, &mut envelope.keys) {
        Ok(guard) => guard,
        Err(reason) => return Some(Err(RefusedReason::from(reason).into())),
    };
    let (unit, parent) = L::parts(&mut guard);
    let ambient = core.enter::<S, L>(envelope, M::INFO.name);
    let done = {
        let mut cx = Cx::new(core, parent);
        let handler = AssertUnwindSafe(ambient.scope(M::handle(unit, &mut cx, args))).catch_unwind();
        if const { M::INFO.cancel } {
            tokio::select! {
                biased;
                done = handler => Some(done),
                () = gone => None,
            }
        } else {
            Some(handler.await)
        }
    };
    if done.is_none() {
        let service = core.cell.name();
        tracing::debug!(target: "ember::service", %service, method = core.method, "dropped: its caller has gone");
    }
    done.map(|done| done.map_err(|panic| LostReason::Panicked(report(core, &*panic)).into()))
}

/// Runs a hook or a timer of the unit at `L`.
pub(crate) fn run_hook<'a, S: Service, L: Path<S>, H: HookOf<L::Unit>>(
    service: &'a mut S,
    core: &'a mut Core,
) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        let mut keys = std::mem::take(&mut core.keys);
        let mut guard = enter::<S, L>(service, &mut keys)?;
        let (unit, parent) = L::parts(&mut guard);
        let ambient = core.enter::<S, L>(Envelope::at(keys), H::NAME);
        let mut cx = Cx::new(core, parent);
        let done = AssertUnwindSafe(ambient.scope(H::run(unit, &mut cx))).catch_unwind().await;
        done.unwrap_or_else(|panic| Err(Error::other(format!("it panicked: {}", report(core, &*panic)))))
    })
}

/// Runs an event handler of the unit at `L`.
pub(super) fn run_event<'a, S: Service, L: Path<S>, H: OnEvent<L::Unit>>(
    service: &'a mut S,
    core: &'a mut Core,
    event: &'a (dyn Any + Send + Sync),
) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        let Some(event) = event.downcast_ref::<H::Event>() else {
            return Err(Error::other("an event of another type was delivered"));
        };
        let mut keys = std::mem::take(&mut core.keys);
        let mut guard = enter::<S, L>(service, &mut keys)?;
        let (unit, parent) = L::parts(&mut guard);
        let ambient = core.enter::<S, L>(Envelope::at(keys), H::NAME);
        let mut cx = Cx::new(core, parent);
        let done = AssertUnwindSafe(ambient.scope(H::run(unit, &mut cx, event))).catch_unwind().await;
        done.unwrap_or_else(|panic| Err(Error::other(format!("it panicked: {}", report(core, &*panic)))))
    })
}

/// Runs a callback with panics caught.
pub(super) fn run_callback(core: &mut Core, callback: impl FnOnce(&mut Core)) {
    let ambient = core.ambient();
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| ambient.sync_scope(|| callback(core)))) {
        report(core, &*panic);
    }
}

/// The message of a panic, which is logged here.
pub(super) fn report(core: &mut Core, panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "(no message)".into());
    core.panicked = true;
    let (service, pid, method) = (core.cell.name(), core.pid(), core.method);
    tracing::error!(target: "ember::service", %service, %pid, method, panic = %text, "a handler panicked");
    text
}
