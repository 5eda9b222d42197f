//! The life of modules that are added at run time: what was added or released while a handler ran is started or stopped when
//! that handler has ended, before the next message.

use std::{pin::pin, sync::Arc};

use crate::{
    actor::{
        cell::Cell,
        service::{Body, Changes, HookFn, HookKind, KeyedField, Service, Table},
    },
    error::{Error, Result},
    message::Keys,
    panics::{caught, outlived, told},
};

/// Starts and stops modules under keys. Code of the user's that runs beside their hooks may panic, too.
pub(crate) async fn settle<S: Service>(body: &mut Body<S>, cell: &Arc<Cell<S>>) -> Result<()> {
    let settled = outlived(pin!(come_and_go(body, cell))).await;
    settled.unwrap_or_else(|panic| Err(Error::other(format!("it panicked: {}", body.report(panic.into())))))
}

/// Starts what was added and stops what was released, until there is nothing more to do.
///
/// # Errors
/// The first module that did not start. It is no longer there.
async fn come_and_go<S: Service>(body: &mut Body<S>, cell: &Arc<Cell<S>>) -> Result<()> {
    let table = &cell.blueprint.table;
    let mut result = Ok(());
    loop {
        let mut quiet = true;
        for index in 0..table.keyed.len() {
            let KeyedField { changed, changes, .. } = table.keyed[index].field;
            for owner in body.alone().map(changed).unwrap_or_default() {
                let changes = body.alone().map(|service| changes(service, &owner));
                let Changes { added, released, unused } = changes.unwrap_or_default();
                let mut unused = Some(unused);
                if let Err(panic) = caught(&mut || drop(unused.take())) {
                    body.report(panic);
                }
                quiet &= added.is_empty() && released.is_empty();
                for keys in released {
                    Box::pin(stop(body, table, index, keys)).await;
                }
                for keys in added {
                    if let Err(error) = Box::pin(start(body, table, index, keys)).await {
                        result = result.and(Err(error));
                    }
                }
            }
        }
        if !quiet {
            continue;
        }
        let Some(waiting) = body.core.waiting.take_if(|_| body.core.live) else { return result };
        // Their `started` may add others.
        for (index, keys) in waiting.0 {
            go_live(body, cell, index, &keys).await;
        }
    }
}

/// Runs the hooks of one kind.
async fn hooks<S: Service>(body: &mut Body<S>, hooks: impl Iterator<Item = HookFn<S>>, keys: &Keys) -> Result<()> {
    for hook in hooks {
        body.core.keys = keys.clone();
        hook(body).await?;
    }
    Ok(())
}

async fn start<S: Service>(body: &mut Body<S>, table: &Table<S>, index: usize, keys: Keys) -> Result<()> {
    let part = &table.keyed[index];
    for kind in [HookKind::Init, HookKind::Start] {
        if let Err(error) = hooks(body, part.of(kind), &keys).await {
            let (module, service, error) = (part.field.module, S::SPEC.name, told(error));
            tracing::error!(target: "ember::service", service, module, error, "a module did not start: it is removed");
            discard(body, part.field, &keys);
            return Err(Error::other(error));
        }
    }
    for inner in table.keyed.iter().filter(|inner| inner.outer == Some(index)) {
        if let Some(service) = body.alone() {
            (inner.field.renew)(service, &keys);
        }
    }
    body.core.waiting.get_or_insert_default().0.push((index, keys));
    Ok(())
}

async fn go_live<S: Service>(body: &mut Body<S>, cell: &Arc<Cell<S>>, index: usize, keys: &Keys) {
    let part = &cell.blueprint.table.keyed[index];
    // It may be gone again.
    let Some(life) = keys.life() else { return };
    if let Err(error) = hooks(body, part.of(HookKind::Started), keys).await {
        let (module, service, error) = (part.field.module, S::SPEC.name, told(error));
        tracing::error!(target: "ember::service", service, module, error, "`started` failed");
    }
    for thing in (cell.blueprint.begin)(cell, &*body.core.host, &part.timers, &part.events, keys) {
        life.attach(thing);
    }
}

/// Runs `stop` on a module, after those within it, and drops it.
async fn stop<S: Service>(body: &mut Body<S>, table: &Table<S>, index: usize, keys: Keys) {
    for inner in (0..table.keyed.len()).rev().filter(|inner| table.keyed[*inner].outer == Some(index)) {
        for within in all(body, table.keyed[inner].field, &keys) {
            Box::pin(stop(body, table, inner, within)).await;
        }
    }
    let part = &table.keyed[index];
    for hook in part.of(HookKind::Stop).collect::<Vec<_>>().into_iter().rev() {
        body.core.keys = keys.clone();
        if let Err(error) = hook(body).await {
            let (module, service, error) = (part.field.module, S::SPEC.name, told(error));
            tracing::error!(target: "ember::service", service, module, error, "`stop` failed");
        }
    }
    discard(body, part.field, &keys);
}

/// Those that stand in a field now.
fn all<S: Service>(body: &mut Body<S>, field: KeyedField<S>, owner: &Keys) -> Vec<Keys> {
    body.alone().map(|service| (field.all)(service, owner)).unwrap_or_default()
}

/// Drops a module, which is the user's: if it panics, that is a panic of its service.
fn discard<S: Service>(body: &mut Body<S>, field: KeyedField<S>, keys: &Keys) {
    body.ambient.method = field.module;
    let Some(service) = body.alone() else { return };
    if let Err(panic) = caught(&mut || (field.discard)(service, keys)) {
        body.report(panic);
    }
}

/// Stops all modules under keys, those within others first.
pub(crate) async fn stop_all<S: Service>(body: &mut Body<S>, table: &Table<S>) {
    for index in (0..table.keyed.len()).rev().filter(|index| table.keyed[*index].outer.is_none()) {
        for keys in all(body, table.keyed[index].field, &Keys::NONE) {
            Box::pin(stop(body, table, index, keys)).await;
        }
    }
}
