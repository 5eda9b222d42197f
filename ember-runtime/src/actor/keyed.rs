//! The life of modules that are added at run time: what was added or released while a handler ran is started or stopped when
//! that handler has ended, before the next message.

use std::{cell::Cell as Flag, sync::Arc};

use super::{
    Attachments, Body, Cell, EventFn, HookFn, HookKind, Host, Service, Table,
    execute::report,
    job::{Driving, Job, Start},
    table::{Subscription, Timer},
};
use crate::{
    error::{Error, Result},
    message::Keys,
    panics::{caught, told},
};

/// A field that holds modules under keys: what the module room knows about it.
pub(crate) struct Field<S: Service> {
    /// The module's type.
    pub(crate) module: &'static str,
    /// What was added and released since the last time, in the field whose owner is at the given keys.
    pub(crate) changes: fn(&mut S, &Keys) -> Changes,
    /// All that are there now.
    pub(crate) all: fn(&mut S, &Keys) -> Vec<Keys>,
    /// Takes all for added, since their owner has been.
    pub(crate) renew: fn(&mut S, &Keys),
    /// Drops one, and whatever depends on it.
    pub(crate) discard: fn(&mut S, &Keys),
}

impl<S: Service> Clone for Field<S> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<S: Service> Copy for Field<S> {}

/// What became of the modules of one field.
#[derive(Default)]
pub(crate) struct Changes {
    pub(crate) added: Vec<Keys>,
    pub(crate) released: Vec<Keys>,
}

/// A field that holds modules under keys, with what each of these modules does by itself.
pub(crate) struct Keyed<S: Service> {
    pub(super) field: Field<S>,
    /// The field with the modules that this one is in, if any.
    pub(super) outer: Option<usize>,
    pub(super) hooks: Vec<(HookKind, HookFn<S>)>,
    pub(super) timers: Vec<Timer<S>>,
    pub(super) events: Vec<Subscription<S>>,
    pub(super) downs: Vec<(&'static str, EventFn<S>)>,
}

thread_local! {
    /// Whether modules were added or released in the present step of a service.
    static CHANGED: Flag<bool> = const { Flag::new(false) };
}

/// Says that modules were added or released.
pub(crate) fn note_change() {
    CHANGED.set(true);
}

/// Notices whether modules are added or released in one step of a service. The step may be one within that of another
/// service.
pub(super) struct Noticing(Option<bool>);

impl Noticing {
    #[inline]
    pub(super) fn begin<S: Service>(table: &Table<S>) -> Self {
        Self(table.has_keyed().then(|| CHANGED.replace(false)))
    }

    /// Whether any were.
    #[inline]
    pub(super) fn end(self) -> bool {
        self.0.is_some_and(|outer| CHANGED.replace(outer))
    }
}

/// Begins the timers and subscriptions of one unit; what is returned ends them when dropped.
pub(crate) type Begin<S> = fn(&Arc<Cell<S>>, &dyn Host, &[Timer<S>], &[Subscription<S>], &Keys) -> Attachments;

/// Begins timers and subscriptions of the modules that were there when the service started, and runs their `started`.
pub(crate) struct GoLive {
    /// The life of the service that it is for.
    pub(crate) life: u64,
}

impl<S: Service> Job<S> for GoLive {
    fn start(self: Box<Self>, mut body: Box<Body<S>>, _: &mut Driving<'_, '_, S>) -> Start<S> {
        if self.life == body.core.cell.life() {
            body.core.live = true;
            body.core.changed = true;
        }
        Start::Over(body)
    }

    fn refuse(self: Box<Self>, _: crate::error::RefusedReason) {}
}

/// Starts what was added and stops what was released, until there is nothing more to do.
///
/// # Errors
/// The first module that did not start. It is no longer there.
pub(super) async fn settle<S: Service>(body: &mut Body<S>, cell: &Arc<Cell<S>>) -> Result<()> {
    let mut result = Ok(());
    loop {
        let mut quiet = true;
        for index in 0..cell.table.keyed.len() {
            for owner in owners(&mut body.service, cell, index) {
                let changes = (cell.table.keyed[index].field.changes)(&mut body.service, &owner);
                for keys in changes.released {
                    quiet = false;
                    Box::pin(stop(body, cell, index, keys)).await;
                }
                for keys in changes.added {
                    quiet = false;
                    if let Err(error) = Box::pin(start(body, cell, index, keys)).await {
                        result = result.and(Err(error));
                    }
                }
            }
        }
        if quiet {
            break;
        }
    }
    if body.core.live
        && let Some(waiting) = body.core.waiting.take()
    {
        for (index, keys) in waiting.0 {
            go_live(body, cell, index, &keys).await;
        }
    }
    result
}

/// Where the owners of a field stand.
fn owners<S: Service>(service: &mut S, cell: &Cell<S>, index: usize) -> Vec<Keys> {
    match cell.table.keyed[index].outer {
        None => vec![Keys::default()],
        Some(outer) => modules(service, cell, outer),
    }
}

/// All modules of a field, wherever its owners stand.
pub(super) fn modules<S: Service>(service: &mut S, cell: &Cell<S>, index: usize) -> Vec<Keys> {
    let all = cell.table.keyed[index].field.all;
    owners(service, cell, index).iter().flat_map(|owner| all(service, owner)).collect()
}

/// Runs the hooks of one kind.
async fn hooks<S: Service>(body: &mut Body<S>, hooks: impl Iterator<Item = HookFn<S>>, keys: &Keys) -> Result<()> {
    for hook in hooks {
        body.core.keys = keys.clone();
        hook(body).await?;
    }
    Ok(())
}

async fn start<S: Service>(body: &mut Body<S>, cell: &Arc<Cell<S>>, index: usize, keys: Keys) -> Result<()> {
    let part = &cell.table.keyed[index];
    for kind in [HookKind::Init, HookKind::Start] {
        if let Err(error) = hooks(body, part.of(kind), &keys).await {
            let (module, service, error) = (part.field.module, S::SPEC.name, told(error));
            tracing::error!(target: "ember::service", service, module, error, "a module did not start: it is removed");
            discard(body, part.field, &keys);
            return Err(Error::other(error));
        }
    }
    for inner in cell.table.keyed.iter().filter(|inner| inner.outer == Some(index)) {
        (inner.field.renew)(&mut body.service, &keys);
    }
    body.core.waiting.get_or_insert_default().0.push((index, keys));
    Ok(())
}

async fn go_live<S: Service>(body: &mut Body<S>, cell: &Arc<Cell<S>>, index: usize, keys: &Keys) {
    let part = &cell.table.keyed[index];
    // It may be gone again.
    let Some(life) = keys.life() else { return };
    if let Err(error) = hooks(body, part.of(HookKind::Started), keys).await {
        let (module, service, error) = (part.field.module, S::SPEC.name, told(error));
        tracing::error!(target: "ember::service", service, module, error, "`started` failed");
    }
    for thing in (cell.table.begin)(cell, &*body.core.host, &part.timers, &part.events, keys) {
        life.attach(thing);
    }
}

/// Runs `stop` on a module, after those within it, and drops it.
async fn stop<S: Service>(body: &mut Body<S>, cell: &Arc<Cell<S>>, index: usize, keys: Keys) {
    for inner in (0..cell.table.keyed.len()).rev().filter(|inner| cell.table.keyed[*inner].outer == Some(index)) {
        for within in (cell.table.keyed[inner].field.all)(&mut body.service, &keys) {
            Box::pin(stop(body, cell, inner, within)).await;
        }
    }
    let part = &cell.table.keyed[index];
    for hook in part.of(HookKind::Stop).collect::<Vec<_>>().into_iter().rev() {
        body.core.keys = keys.clone();
        if let Err(error) = hook(body).await {
            let (module, service, error) = (part.field.module, S::SPEC.name, told(error));
            tracing::error!(target: "ember::service", service, module, error, "`stop` failed");
        }
    }
    discard(body, part.field, &keys);
}

/// Drops a module, which is the user's: if it panics, that is a panic of its service.
fn discard<S: Service>(body: &mut Body<S>, field: Field<S>, keys: &Keys) {
    let service = &mut body.service;
    if let Err(panic) = caught(&mut || (field.discard)(service, keys)) {
        report(body, panic);
    }
}

/// Stops all modules under keys, those within others first.
pub(super) async fn stop_all<S: Service>(body: &mut Body<S>, cell: &Arc<Cell<S>>) {
    for index in (0..cell.table.keyed.len()).rev().filter(|index| cell.table.keyed[*index].outer.is_none()) {
        for keys in modules(&mut body.service, cell, index) {
            Box::pin(stop(body, cell, index, keys)).await;
        }
    }
}

impl<S: Service> Keyed<S> {
    fn of(&self, kind: HookKind) -> impl Iterator<Item = HookFn<S>> {
        self.hooks.iter().filter(move |(of, _)| *of == kind).map(|(_, hook)| *hook)
    }
}
