//! What a service does by itself, begun.

use std::sync::Arc;

use crate::{
    actor::{Attachments, Cell, GoLive, HookKind, Host, Service, Subscription, TaskJob, Timer},
    event::Bus,
    message::{Keys, Lane},
    node::follow::follow,
};

/// Starts timers and subscriptions of the unit at `keys`. What is returned ends them when dropped.
pub(super) fn begin<S: Service>(
    cell: &Arc<Cell<S>>,
    host: &dyn Host,
    timers: &[Timer<S>],
    events: &[Subscription<S>],
    keys: &Keys,
) -> Attachments {
    let timers = crate::timer::start(cell, timers, keys, host);
    timers.into_iter().chain(host.get::<Bus>().subscribe(cell, events, keys)).collect()
}

/// Begins the work of a service that has been started.
pub(super) fn attach<S: Service>(cell: &Arc<Cell<S>>, host: &dyn Host) -> Attachments {
    for hook in cell.blueprint.table.of(HookKind::Started) {
        cell.owe(Lane::System, Box::new(TaskJob::hook("started", cell.lives(), hook)));
    }
    if cell.blueprint.table.has_keyed() {
        cell.owe(Lane::System, Box::new(GoLive { life: cell.lives() }));
    }
    let mut all = begin(cell, host, &cell.blueprint.table.timers, &cell.blueprint.table.events, &Keys::default());
    follow(cell, host).into_iter().for_each(|following| all.push(following));
    all
}
