//! A call to a service on another node, where the link to it is up: it is handed to the link without a future of its own, and
//! has its deadline there.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use tokio::time::Instant;

use super::remote::{is_shown, put_args_of, read};
use crate::{
    call::requests::{Attempt, Outcome, Target, describe},
    directory::{InShare, Instance, Share},
    error::{CallError, Failure, LostReason},
    id::{Epoch, MethodId, Pid},
    message::{Envelope, Method, Reading, Stamp},
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
    pub(crate) fn find<M: Method>(target: &Target, instance: Arc<Instance>) -> Option<Self> {
        let method = target.method_id::<M>();
        let (_, _, fingerprint) = target.router.way::<M>(target, &instance, method).ok()?;
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
    #[inline]
    pub(crate) fn call<M: Method>(
        &self,
        target: &Target,
        args: &Option<M::Args>,
        envelope: &Envelope,
        (caller, begun, deadline): (u64, Instant, Instant),
    ) -> Option<WaitingAway> {
        let stamp = Stamp { caller, deadline: Some(deadline) };
        let reading = self.reading(envelope);
        let pending = self.submit::<M>(target, args, (stamp, envelope, reading), false)?;
        let shown = reading.and(self.instance.shown()).map(Arc::clone);
        Some(WaitingAway { pending, instance: self.instance.one(), shown, begun, deadline })
    }

    /// The same for a call that nobody waits for. Whether the link has it.
    #[inline]
    pub(crate) fn send<M: Method>(&self, target: &Target, args: &Option<M::Args>, stamp: Stamp) -> bool {
        self.submit::<M>(target, args, (stamp, &Envelope::default(), None), true).is_some()
    }

    /// How new what a call with this envelope is shown must be, if its callee is replicated.
    #[inline]
    fn reading(&self, envelope: &Envelope) -> Option<Reading> {
        self.instance.reading(envelope.reading.and_then(|reading| reading.within))
    }

    #[inline]
    fn submit<M: Method>(
        &self,
        target: &Target,
        args: &Option<M::Args>,
        (stamp, envelope, reading): (Stamp, &Envelope, Option<Reading>),
        one_way: bool,
    ) -> Option<PendingReply> {
        let (wire, links, pid) = (M::wire()?, target.router.links.get()?, self.instance.pid);
        if target.router.departures.is_waiting(pid.node) {
            return None;
        }
        let put_args = &mut |out: &mut Vec<u8>| put_args_of::<M>(&wire, args, out);
        let mut own = None;
        let envelope = for_group(envelope, (self.instance.epoch(), reading), &mut own);
        let (method, fingerprint, lane) = (self.method, self.fingerprint, M::INFO.lane);
        let call = OutCall { target: pid.number, method, fingerprint, stamp, lane, envelope, put_args, one_way };
        links.submit(pid.node, call).ok().flatten()
    }
}

/// The metadata of a call to the master of this epoch, if it is to a master, that asks this of a replicated group, if it is to one.
#[inline]
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
        let answer = ready!(Pin::new(&mut self.pending).poll(task));
        let failure = match read::<M>(is_shown(answer, self.shown.as_ref()), &target.router) {
            Attempt::Done(result) => match self.instance.deposed() {
                None => {
                    self.instance.answered();
                    return Poll::Ready(Some(result.map_err(CallError::App)));
                }
                Some(epoch) => LostReason::Deposed { epoch: epoch.0 }.into(),
            },
            Attempt::Refused(reason) if reason.can_pass() => return Poll::Ready(None),
            Attempt::Refused(reason) => reason.into(),
            Attempt::Failed(failure) => {
                if let Failure::MaybeExecuted(reason) = &failure {
                    target.router.maybe_executed(&self.instance, reason, self.begun);
                }
                failure
            }
        };
        let place = self.instance.place();
        Poll::Ready(Some(Err(describe::<M, _>(target, Some(place), failure))))
    }
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
