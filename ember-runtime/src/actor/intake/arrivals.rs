//! Calls from other nodes, as they arrive. Where a service is idle and the method quick, whoever hands the calls over runs them
//! on the spot: one after the other, without the mailbox and without waking the driver. All others are queued.

use std::{sync::Arc, task::Context};

use crate::{
    actor::{
        cell::{Begun, Cell, Front, Visit},
        erased::{AnyCell as _, OnTheSpot},
        service::{Entry, SIGNATURE_OF, Service, Start},
        work::{Post, RawJob, arrive},
    },
    error::RefusedReason,
    id::MethodId,
    message::{Arrivals, Lane, RawCall, Reach, ReplyBody},
};

/// Runs or queues those of `calls` that are for this service, in their order, or refuses them. A handler that is run on the
/// spot takes its first step in `task`.
pub(super) fn deliver<S: Service>(
    cell: &Cell<S>,
    calls: &mut dyn Arrivals<'_>,
    which: OnTheSpot,
    task: &mut Context<'_>,
) {
    let mut visit = None;
    while let Some(call) = calls.take_for(cell.pid.number) {
        let found = find(cell, &call);
        let found = found.and_then(|it| cell.has_own_key(call.envelope.as_deref(), &it.1.name).map(|()| it));
        match found {
            Ok(found) if S::SPEC.is_concurrent() => {
                deliver_to_worker(cell, (call, found), which, (&mut *calls, &mut *task));
            }
            Ok(found) => visit = deliver_one(cell, (call, found), (visit, which), (&mut *calls, &mut *task)),
            Err(reason) => refuse(cell, call, reason),
        }
    }
    if let Some(visit) = visit {
        visit.end();
    }
}

/// The same for a sharded service: each call goes to the shard of its key.
pub(super) fn deliver_to_shards<S: Service>(
    front: &Front<S>,
    calls: &mut dyn Arrivals<'_>,
    which: OnTheSpot,
    task: &mut Context<'_>,
) {
    while let Some(call) = calls.take_for(front.pid.number) {
        // They know the same methods.
        let any = &front.shards[0];
        let found = match find(any, &call) {
            Ok(found) => found,
            Err(reason) => {
                refuse(any, call, reason);
                continue;
            }
        };
        match front.shard_of(call.envelope.as_deref(), &found.1.name) {
            Ok(shard) => {
                let visit = deliver_one(shard, (call, found), (None, which), (&mut *calls, &mut *task));
                visit.into_iter().for_each(Visit::end);
            }
            Err(reason) => call.reply.fail(reason),
        }
    }
}

fn refuse<S: Service>(cell: &Cell<S>, call: RawCall<'_>, reason: RefusedReason) {
    if reason == RefusedReason::UnknownMethod && call.method == SIGNATURE_OF {
        return tell_signature(cell, call);
    }
    call.reply.fail(reason);
}

/// Runs a call in the visit that is open, or in one that begins here, or queues it. The visit may go on.
fn deliver_one<'a, S: Service>(
    cell: &'a Cell<S>,
    (call, (index, entry)): (RawCall<'_>, (usize, &Entry<S>)),
    (mut visit, which): (Option<Visit<'a, S>>, OnTheSpot),
    (calls, task): (&mut dyn Arrivals<'_>, &mut Context<'_>),
) -> Option<Visit<'a, S>> {
    let Some(call) = admit(cell, call, (index, entry)) else { return visit };
    if is_run(entry, which) {
        visit = visit.take().or_else(|| Visit::begin(cell, false));
    } else if let Some(visit) = visit.take() {
        visit.end();
    }
    // Where steps are long, its time may have passed since it came.
    if which == OnTheSpot::All && call.stamp.is_expired() {
        call.reply.fail(RefusedReason::Expired);
        return visit;
    }
    match visit.take() {
        Some(open) => {
            visit = run(open, call, index, task);
            calls.ran();
        }
        None => queue(cell, call.own(), index, entry),
    }
    visit
}

/// Runs a call of a concurrent service, if a worker is free for it, or queues it.
fn deliver_to_worker<S: Service>(
    cell: &Cell<S>,
    (call, (index, entry)): (RawCall<'_>, (usize, &Entry<S>)),
    which: OnTheSpot,
    (calls, task): (&mut dyn Arrivals<'_>, &mut Context<'_>),
) {
    let Some(call) = admit(cell, call, (index, entry)) else { return };
    if which == OnTheSpot::All && call.stamp.is_expired() {
        return call.reply.fail(RefusedReason::Expired);
    }
    if call.reply.is_unwanted() {
        return call.reply.fail(RefusedReason::CallerGone);
    }
    let key = call.envelope.as_ref().and_then(|envelope| envelope.key);
    let Some((errand, body)) = is_run(entry, which).then(|| cell.errand(key)).flatten() else {
        return queue(cell, call.own(), index, entry);
    };
    match arrive(call, index, body, &mut cell.driving(task).on_the_spot()) {
        Start::Over(body) => errand.end(body),
        Start::Running(running) => errand.leave_to_worker(Begun(running, None)),
        Start::Waits(running, _, index) => errand.leave_to_worker(Begun(running, Some(index))),
    }
    calls.ran();
}

/// The call, if it is to be run. One that has an id may be the repetition of another, and then it has been seen to.
#[inline]
pub(super) fn admit<'a, S: Service>(
    cell: &Cell<S>,
    call: RawCall<'a>,
    method: (usize, &Entry<S>),
) -> Option<RawCall<'a>> {
    match call.envelope.as_ref().and_then(|envelope| envelope.once) {
        None => Some(call),
        Some(id) => admit_once(cell, call.own(), id, method),
    }
}

#[cold]
fn admit_once<S: Service>(
    cell: &Cell<S>,
    call: RawCall<'static>,
    id: u64,
    (index, entry): (usize, &Entry<S>),
) -> Option<RawCall<'static>> {
    let Some(window) = entry.info.dedupe else {
        let why = format!("`{}` is not marked `#[rpc(dedupe = \"60s\")]` in the service's build", entry.name);
        call.reply.fail(RefusedReason::NotOnce(why));
        return None;
    };
    if call.reply.is_one_way() {
        // No node of Ember says so: nobody could be given the reply again.
        call.reply.fail(RefusedReason::NotOnce("a one-way call has no id".into()));
        return None;
    }
    if const { S::REPLICA.is_some() } {
        // Whoever is the master knows it, in its turn.
        return Some(call);
    }
    let is_known = |node| cell.host.upgrade().is_none_or(|host| host.is_known(node));
    cell.once.get_or_init(Arc::default).admit(call, id, (index, window), is_known)
}

/// The method that is called, and its place in the table.
fn find<'a, S: Service>(cell: &'a Cell<S>, call: &RawCall<'_>) -> Result<(usize, &'a Entry<S>), RefusedReason> {
    let index = cell.blueprint.table.index(call.method).ok_or(RefusedReason::UnknownMethod)?;
    let entry = cell.blueprint.table.methods.get(index).ok_or(RefusedReason::UnknownMethod)?;
    if entry.info.reach != Reach::Cluster {
        return Err(RefusedReason::Private);
    }
    if call.fingerprint.is_some_and(|fingerprint| fingerprint != entry.fingerprint) {
        // The caller knows its own side, and fills it in.
        let callee = RefusedReason::side(entry.text(), &cell.identity().version);
        return Err(RefusedReason::SignatureMismatch { caller: "another signature".into(), callee });
    }
    Ok((index, entry))
}

/// Answers a caller whose fingerprint differs, so that it can say how. Needs neither the service nor its mailbox.
fn tell_signature<S: Service>(cell: &Cell<S>, call: RawCall<'_>) {
    let id = call.payload.first_chunk().map(|&bytes| MethodId(u32::from_le_bytes(bytes)));
    let entry = id.and_then(|id| cell.blueprint.table.find(id)).filter(|entry| entry.info.reach == Reach::Cluster);
    match entry {
        Some(entry) => call.reply.send(ReplyBody::Value(&mut |out| {
            out.extend_from_slice(entry.text().as_bytes());
            Ok(())
        })),
        None => call.reply.fail(RefusedReason::UnknownMethod),
    }
}

/// Puts a call into the mailbox, or refuses it.
pub(super) fn queue<S: Service>(cell: &Cell<S>, call: RawCall<'static>, index: usize, entry: &Entry<S>) {
    let bytes = call.payload.len();
    let seen = cell.may_wait(call.envelope.as_deref(), index);
    let seen = seen.and_then(|seen| cell.tries(|| cell.mailbox.charge(bytes)).map(|()| seen));
    let seen = match seen {
        Ok(seen) => seen,
        Err(reason) => return call.reply.fail(reason),
    };
    let mut call = Some(call);
    let put = cell.put(entry.info.lane, |calls| {
        let call = call.take().expect("a job is made once");
        match entry.info.lane {
            Lane::User if !S::SPEC.is_concurrent() => calls.add_raw(call, index),
            _ => Post::Job(Box::new(RawJob { call, index })),
        }
    });
    match (put, call) {
        (Err(reason), Some(call)) => {
            cell.mailbox.bytes().discharge(bytes);
            call.reply.fail(reason);
        }
        _ => cell.see_again(seen),
    }
}

/// Whether a call of the method is run on the spot, if the service is idle.
fn is_run<S: Service>(entry: &Entry<S>, which: OnTheSpot) -> bool {
    // A handler that is dropped when its caller goes away belongs to the driver.
    let may = !entry.info.queued && !entry.info.cancel && entry.info.lane == Lane::User;
    may && match which {
        OnTheSpot::None => false,
        OnTheSpot::Quick => entry.pace.is_quick() && !entry.pace.waits(),
        OnTheSpot::All => true,
    }
}

/// Runs a call. The visit goes on if nobody else has something to do here.
fn run<'a, S: Service>(
    visit: Visit<'a, S>,
    call: RawCall<'_>,
    index: usize,
    task: &mut Context<'_>,
) -> Option<Visit<'a, S>> {
    if call.reply.is_unwanted() {
        call.reply.fail(RefusedReason::CallerGone);
        return Some(visit);
    }
    let Visit { cell, held, body, worker } = visit;
    cell.counts.short();
    match arrive(call, index, body, &mut cell.driving(task).on_the_spot()) {
        Start::Over(body) => {
            let visit = (Visit { cell, held, body, worker }).ended()?;
            if !visit.held.is_wanted() {
                return Some(visit);
            }
            visit.end();
        }
        Start::Running(running) => {
            drop(worker);
            cell.suspend(held, running, false);
        }
        Start::Waits(running, changed, _) => {
            drop(worker);
            cell.suspend(held, running, changed);
        }
    }
    None
}
