//! What comes to a service from elsewhere: calls from other nodes, and the end of those that it watches.

use std::sync::Arc;

use super::{
    AnyCell as _, Body, Cell, Down, EventFn, Post, Service, TaskJob, Watcher, call_job::RawJob, keyed,
    table::SIGNATURE_OF,
};
use crate::{
    error::{RefusedReason, Result},
    id::MethodId,
    message::{Keys, Lane, RawCall, Reach, ReplyBody},
};

/// Queues a call from another node, or refuses it.
pub(super) fn deliver<S: Service>(cell: &Cell<S>, call: RawCall) {
    let found = cell.table.index(call.method).and_then(|index| Some((index, cell.table.methods.get(index)?)));
    let Some((index, entry)) = found else {
        return match call.method {
            SIGNATURE_OF => tell_signature(cell, call),
            _ => call.reply.fail(RefusedReason::UnknownMethod),
        };
    };
    if entry.info.reach != Reach::Cluster {
        return call.reply.fail(RefusedReason::Private);
    }
    if call.fingerprint.is_some_and(|fingerprint| fingerprint != entry.fingerprint) {
        // The caller knows its own side, and fills it in.
        let callee = RefusedReason::side((entry.signature)(), &cell.identity().version);
        return call.reply.fail(RefusedReason::SignatureMismatch { caller: "another signature".into(), callee });
    }
    let bytes = call.payload.len();
    if let Err(reason) = cell.mailbox.charge(bytes) {
        return call.reply.fail(reason);
    }
    let mut call = Some(call);
    let put = cell.put(entry.info.lane, |calls| {
        let call = call.take().expect("a job is made once");
        match entry.info.lane {
            Lane::User => calls.add_raw(call, index),
            Lane::System => Post::Job(Box::new(RawJob { call, index, start: entry.raw })),
        }
    });
    if let (Err(reason), Some(call)) = (put, call) {
        cell.mailbox.discharge(bytes);
        call.reply.fail(reason);
    }
}

/// Answers a caller whose fingerprint differs, so that it can say how. Needs neither the service nor its mailbox.
fn tell_signature<S: Service>(cell: &Cell<S>, call: RawCall) {
    let id = call.payload.first_chunk().map(|&bytes| MethodId(u32::from_le_bytes(bytes)));
    let entry = id.and_then(|id| cell.table.find(id)).filter(|entry| entry.info.reach == Reach::Cluster);
    match entry {
        Some(entry) => call.reply.send(ReplyBody::Value(&mut |out| {
            out.extend_from_slice((entry.signature)().as_bytes());
            Ok(())
        })),
        None => call.reply.fail(RefusedReason::UnknownMethod),
    }
}

/// Tells those of the service who watched, if it still is in this life, that another has ended.
pub(super) fn down<S: Service>(cell: &Cell<S>, down: &Down, life: u64, watchers: &[Watcher]) {
    let keyed = cell.table.keyed.iter().enumerate();
    let keyed = keyed.flat_map(|(index, part)| part.downs.iter().map(move |hook| (Some(index), hook)));
    let all = cell.table.downs.iter().map(|hook| (None, hook)).chain(keyed);
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
        return !cell.table.downs.is_empty();
    }
    cell.table.keyed.iter().any(|part| !part.downs.is_empty())
}

/// A `down` on its way to one hook.
struct DownDelivery<S: Service> {
    down: Down,
    run: EventFn<S>,
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
                let mut modules = cell.map(|cell| keyed::modules(&mut body.service, cell, field)).unwrap_or_default();
                modules.retain(|keys| self.watchers.contains(&Watcher::at(keys)));
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
