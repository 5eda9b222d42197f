//! A call to a service on another node, where the link to it is up: it is handed to the link without a future of its own, and
//! has its deadline there.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use tokio::time::Instant;

use super::{
    freight::{Came, read},
    remote::{came, is_shown, lend},
};
use crate::{
    call::requests::{Attempt, Outcome, Target, failed, undecodable},
    directory::{InShare, Instance, Share},
    error::{CallError, Failure, LostReason},
    id::{Epoch, MethodId, Pid},
    message::{Ambient, Encode, Envelope, Lane, Method, MethodInfo, MethodKind, Payload, Reading, Stamp},
    office::Shown,
    transport::{OutCall, PendingReply},
};

/// A method of a service on another node.
pub(crate) struct Away {
    instance: Share,
    method: MethodId,
    /// That of the method, if the callee is to compare it.
    fingerprint: Option<u64>,
}

impl Away {
    /// `None` if calls cannot be made that simply, or not at all: why, is found out elsewhere.
    pub(crate) fn find(kind: &MethodKind, target: &Target, instance: Arc<Instance>) -> Option<Self> {
        let method = target.id_of(kind.info);
        let (_, fingerprint) = target.router.way(kind, target, &instance, method).ok()?;
        Some(Self { instance: Share::of(instance), method, fingerprint })
    }

    pub(crate) fn pid(&self) -> Pid {
        self.instance.pid
    }

    /// Whether calls that were made before by this caller still look for the master of its group.
    pub(crate) fn is_looked_for_by(&self, caller: u64) -> bool {
        self.instance.is_looked_for_by(caller)
    }

    /// Hands a call to the link; if that does not take it at once, nothing has happened.
    pub(crate) fn call(
        &self,
        target: &Target,
        (put_args, lane): (Encode<'_>, Lane),
        envelope: &Envelope,
        (caller, begun, deadline): (u64, Instant, Instant),
    ) -> Option<WaitingAway> {
        let stamp = Stamp { caller, deadline: Some(deadline) };
        let reading = self.reading(envelope);
        let pending = self.submit(target, (put_args, lane), (stamp, envelope, reading), false)?;
        let shown = reading.and(self.instance.shown()).map(Arc::clone);
        Some(WaitingAway { pending, instance: self.instance.one(), shown, begun, deadline })
    }

    /// The same for a call that nobody waits for. Whether the link has it.
    pub(crate) fn send(&self, target: &Target, (put_args, lane): (Encode<'_>, Lane), stamp: Stamp) -> bool {
        self.submit(target, (put_args, lane), (stamp, &Envelope::default(), None), true).is_some()
    }

    /// How new what a call with this envelope is shown must be, if its callee is replicated.
    #[cfg_attr(not(debug_assertions), inline)]
    fn reading(&self, envelope: &Envelope) -> Option<Reading> {
        self.instance.reading(envelope.reading.and_then(|reading| reading.within))
    }

    #[cfg_attr(not(debug_assertions), inline)]
    fn submit(
        &self,
        target: &Target,
        (put_args, lane): (Encode<'_>, Lane),
        (stamp, envelope, reading): (Stamp, &Envelope, Option<Reading>),
        one_way: bool,
    ) -> Option<PendingReply> {
        let (links, pid) = (target.router.links.get()?, self.instance.pid);
        if target.router.departures.is_waiting(pid.node) {
            return None;
        }
        let mut own = None;
        let envelope = for_group(envelope, (self.instance.epoch(), reading), &mut own);
        let (method, fingerprint) = (self.method, self.fingerprint);
        let call = OutCall { target: pid.number, method, fingerprint, stamp, lane, envelope, put_args, one_way };
        links.submit(pid.node, call).ok().flatten()
    }
}

/// The metadata of a call to the master of this epoch, if it is to a master, that asks this of a replicated group, if it is to one.
#[cfg_attr(not(debug_assertions), inline)]
fn for_group<'a>(
    envelope: &'a Envelope,
    to: (Option<Epoch>, Option<Reading>),
    own: &'a mut Option<Envelope>,
) -> &'a Envelope {
    match to {
        (None, None) if envelope.reading.is_none() => envelope,
        (epoch, reading) => own.insert(Envelope { epoch, reading, ..envelope.clone() }),
    }
}

/// A call that waits for its answer from another node. Dropped, nobody wants its answer any more.
pub(crate) struct WaitingAway {
    pending: PendingReply,
    instance: InShare,
    /// What has been seen of its group, which its reply says more of.
    shown: Option<Arc<Shown>>,
    begun: Instant,
    deadline: Instant,
}

impl WaitingAway {
    pub(crate) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// The outcome; `None` if the call did not run, and may yet.
    pub(crate) fn poll<M: Method>(&mut self, target: &Target, task: &mut Context<'_>) -> Poll<Option<Outcome<M>>> {
        let Poll::Ready(came) = self.poll_reply(MethodKind::of::<M>(), task) else {
            Ambient::calls(self.instance.pid);
            return Poll::Pending;
        };
        let read = came.and_then(|came| {
            let _lent = lend(&came);
            let came = came.as_deref().map_err(|error| &**error);
            read::<M>(came, Some(&target.router)).map_err(|error| Attempt::Failed(undecodable(&error)))
        });
        Poll::Ready(match self.judge(read.as_ref().err(), target, const { &M::INFO }) {
            Judged::Failed(error) => Some(Err(CallError::of_any(error))),
            Judged::MayYetRun => None,
            Judged::Counts => read.ok().map(|result| result.map_err(CallError::App)),
        })
    }

    fn poll_reply(&mut self, kind: &MethodKind, task: &mut Context<'_>) -> Poll<Result<Came<Payload>, Attempt>> {
        Pin::new(&mut self.pending).poll(task).map(|answer| came(is_shown(answer, self.shown.as_ref()), kind))
    }

    /// What follows from what became of it: it was read, or missed like this.
    fn judge(&self, missed: Option<&Attempt>, target: &Target, info: &'static MethodInfo) -> Judged {
        let failure = match missed {
            None | Some(Attempt::Done) => match self.instance.deposed() {
                None => {
                    self.instance.answered();
                    return Judged::Counts;
                }
                Some(epoch) => LostReason::Deposed { epoch: epoch.0 }.into(),
            },
            Some(Attempt::Refused(reason)) if reason.can_pass() => return Judged::MayYetRun,
            Some(Attempt::Refused(reason)) => reason.clone().into(),
            Some(Attempt::Failed(failure)) => {
                if let Failure::MaybeExecuted(reason) = failure {
                    target.router.maybe_executed(&self.instance, reason, self.begun);
                }
                failure.clone()
            }
        };
        Judged::Failed(failed(target, info, Some(self.instance.place()), failure))
    }
}

/// What an answer is worth.
enum Judged {
    Counts,
    MayYetRun,
    Failed(CallError),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Keys;

    #[test]
    fn a_call_to_a_master_names_its_epoch_beside_all_else() {
        let keys = Keys::default().and(&7_u32);
        let envelope = Envelope { keys: keys.clone(), ..Envelope::default() };
        let mut own = None;
        let sent = for_group(&envelope, (Some(Epoch(3)), None), &mut own);
        assert!(sent.epoch == Some(Epoch(3)) && sent.keys.bytes() == keys.bytes());
        assert!(std::ptr::eq(for_group(&envelope, (None, None), &mut None), &envelope), "nothing is copied");
    }
}
