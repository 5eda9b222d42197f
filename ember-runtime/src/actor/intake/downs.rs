//! What a service hears of the end of those that it watches.

use std::sync::Arc;

use crate::{
    actor::{
        about::{Down, Watcher},
        cell::Cell,
        service::{Body, Service, ToldFn},
        work::TaskJob,
    },
    error::Result,
    message::{Keys, Lane},
};

/// Tells those of the service who watched, if it still is in this life, that another has ended.
pub(super) fn down<S: Service>(cell: &Cell<S>, down: &Down, life: u64, watchers: &[Watcher]) {
    let keyed = cell.blueprint.table.keyed.iter().enumerate();
    let keyed = keyed.flat_map(|(index, part)| part.downs.iter().map(move |hook| (Some(index), hook)));
    let all = cell.blueprint.table.downs.iter().map(|hook| (None, hook)).chain(keyed);
    let concerns = |field: &Option<usize>| watchers.iter().any(|watcher| watcher.is_service() == field.is_none());
    for (field, &(name, run)) in all.filter(|(field, _)| concerns(field)) {
        let watchers = if field.is_some() { watchers.to_vec() } else { Vec::new() };
        let job = TaskJob {
            name,
            life: Some(life),
            data: DownDelivery { down: down.clone(), run, field, watchers },
            run: |it: &DownDelivery<S>, body| Box::pin(it.deliver(body)),
        };
        // Refused only if this service is ending itself.
        cell.owe(Lane::User, Box::new(job));
    }
}

/// Whether a watcher has an `#[on(down)]`.
pub(super) fn hears<S: Service>(cell: &Cell<S>, watcher: &Watcher) -> bool {
    if watcher.is_service() {
        return !cell.blueprint.table.downs.is_empty();
    }
    cell.blueprint.table.keyed.iter().any(|part| !part.downs.is_empty())
}

/// A `down` on its way to one hook.
struct DownDelivery<S: Service> {
    down: Down,
    run: ToldFn<S>,
    /// The field with modules under keys, if it is for these.
    field: Option<usize>,
    watchers: Vec<Watcher>,
}

impl<S: Service> DownDelivery<S> {
    /// Tells the service or a module in a field of it, or those modules of a field that holds them under keys who
    /// watched.
    async fn deliver(&self, body: &mut Body<S>) -> Result<()> {
        let receivers = match self.field {
            None => vec![Keys::default()],
            Some(field) => {
                let cell = Arc::clone(&body.core.cell);
                let cell = cell.as_any().downcast_ref::<Cell<S>>();
                let is_there = cell.map(|cell| cell.blueprint.table.keyed[field].field.is_there);
                let mut modules: Vec<_> = self.watchers.iter().map(|watcher| watcher.keys().clone()).collect();
                modules.retain(|keys| {
                    is_there.zip(body.alone()).is_some_and(|(is_there, service)| is_there(service, keys))
                });
                modules
            }
        };
        let mut result = Ok(());
        for keys in receivers {
            body.core.keys = keys;
            result = result.and((self.run)(body, &self.down).await);
        }
        result
    }
}
