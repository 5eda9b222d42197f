//! Calls with an id: if the link breaks on the way they are made again, to the same run of the same service, which runs them once.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::sleep;

use super::slow::Course;
use crate::{
    actor::{AnyCell, Offer, written_port},
    call::{
        reach::Freight,
        requests::{Attempt, HandedOver},
    },
    directory::Instance,
    error::{Failure, LostReason, RefusedReason},
    id::Epoch,
    message::{Answer, CodecError, Envelope, Given, Stamp, Written, reply_slot},
    panics::attempt,
};

/// The limit of the first pause before a call is made again, and what it grows to.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const MAX_PAUSE: Duration = Duration::from_secs(1);

impl Course {
    /// Makes a call that has no policy of its own: its repetitions, if it has an id, are paid for from the budget that it adds to here.
    pub(super) async fn without_policy(&mut self) -> Result<(), Failure> {
        if self.options.once().is_some() {
            self.target.router.outages.budgets.call(&self.target.address.selector.interest);
        }
        self.safely().await
    }

    /// Makes a call; one with an id again, as long as that is safe and may help.
    pub(super) async fn safely(&mut self) -> Result<(), Failure> {
        match self.options.once() {
            None => match self.run().await {
                Err(Failure::MaybeExecuted(reason)) if self.is_asked_for(&reason) => {
                    Box::pin(self.settle(reason)).await
                }
                outcome => outcome,
            },
            Some(_) => Box::pin(self.keep_on()).await,
        }
    }

    async fn keep_on(&mut self) -> Result<(), Failure> {
        let mut pause = FIRST_PAUSE;
        loop {
            let failure = match self.run().await {
                Ok(()) => return Ok(()),
                Err(failure) => failure,
            };
            if !self.freight.has_args() || !self.is_worth_another(&failure) {
                return Err(failure);
            }
            let interest = &self.target.address.selector.interest;
            if self.burdens(&failure) && !self.target.router.outages.budgets.repeat(interest) {
                self.is_out_of_retries = true;
                return Err(failure);
            }
            if let Failure::MaybeExecuted(reason) = failure {
                self.may_have_run(reason);
            }
            // Between attempts nothing is under way; `lost` remembers what may have been executed.
            self.handed_over = HandedOver::No;
            sleep(self.target.router.rng().jitter(pause)).await;
            pause = pause.saturating_mul(2).min(MAX_PAUSE);
        }
    }

    /// The last attempt may have been executed. A call with an id is asked only of the same instance then: nobody else knows the id.
    pub(super) fn may_have_run(&mut self, reason: LostReason) {
        self.lost = Some((reason, self.place.clone()));
        // Another attempt is another call.
        self.call = None;
        let Some(asked) = self.place.as_ref().filter(|_| self.options.once().is_some()) else { return };
        if asked.is_replicated() {
            // Whoever is the master knows it.
            return;
        }
        if self.target.address.selector.pid.is_none() {
            self.target = self.target.pinned(asked.pid);
        }
        // What is stored may be the reply of the first.
        self.lost_in = self.lost_in.or_else(|| asked.epoch());
    }

    /// The reply may be one that a master has stored, and another may have acted since: it counts no more then, and nothing would change that.
    pub(super) fn deposed_since(&self, instance: &Instance) -> Option<Epoch> {
        self.lost_in.and_then(|epoch| instance.master_after(epoch))
    }

    /// Whether a call with an id that ended so is made again.
    pub(super) fn is_worth_another(&self, failure: &Failure) -> bool {
        match failure {
            // All else is said by the callee, which would say it again.
            Failure::MaybeExecuted(LostReason::LinkLost(_)) => true,
            // The next master of a replicated service knows it.
            Failure::MaybeExecuted(LostReason::Deposed { .. }) => {
                self.place.as_ref().is_some_and(|it| it.is_replicated())
            }
            Failure::MaybeExecuted(_) => false,
            // It waited for another with its id whose own time was over before it was started, or whose caller has gone.
            Failure::NotExecuted(RefusedReason::Expired | RefusedReason::CallerGone) => true,
            // One that may have been executed is asked about for as long as there is time, and somebody who knows. What can pass has been waited
            // for already.
            Failure::NotExecuted(reason) => {
                use RefusedReason as R;
                let passes = matches!(
                    reason,
                    R::MailboxFull { .. }
                        | R::LinkFull { .. }
                        | R::BreakerOpen(_)
                        | R::TooManyOnce { .. }
                        | R::TooManyCallers { .. }
                        | R::Paused
                );
                self.lost.is_some() && passes
            }
        }
    }

    /// One attempt at a service on this node. Its arguments go as bytes here too, so that the callee can tell a repetition from another call: it is
    /// asked as one elsewhere is, but for the link. The arguments stay where they are.
    pub(super) async fn attempt_as_bytes(
        &mut self,
        cell: &dyn AnyCell,
        (stamp, envelope): (Stamp, Envelope),
    ) -> Attempt {
        let kind = self.freight.kind();
        if !kind.travels() {
            return Attempt::Refused(RefusedReason::Private);
        }
        let bytes = match written(&*self.freight) {
            Ok(bytes) => bytes,
            Err(error) => return Attempt::Refused(RefusedReason::Undecodable(error.to_string())),
        };
        let index = match self.freight.place(cell, self.target.id_of(kind.info)) {
            Ok(index) => index,
            Err(reason) => return Attempt::Refused(reason),
        };
        let (reply, answer) = reply_slot::<Given<Written>>(kind.info.name, None);
        let offer = Offer {
            args: &mut Some(bytes),
            envelope: &mut Some(Box::new(envelope)),
            stamp,
            index,
            reply: &mut Some(reply),
        };
        if let Err(reason) = written_port().submit(cell, offer) {
            return Attempt::Refused(reason);
        }
        self.handed_over = HandedOver::Yes;
        self.turn = None;
        let read = match answer.await {
            Answer::Done(Ok(value)) => self.freight.read(Ok(&value), None),
            Answer::Done(Err(error)) => self.freight.read(Err(&error), None),
            Answer::Failed(failure) => return Attempt::Failed(failure),
            Answer::Refused(reason, _) => return Attempt::Refused(reason),
        };
        Attempt::read(read)
    }
}

/// The arguments. Code of the user's writes them: if it panics, that ends the call, not its caller.
fn written(freight: &dyn Freight) -> Result<Bytes, CodecError> {
    let mut bytes = Vec::new();
    attempt(|| freight.put_args(&mut bytes)).unwrap_or_else(|panic| {
        let method = freight.kind().info.name;
        Err(CodecError::new(format_args!("writing the arguments of `{method}` panicked: {panic}")))
    })?;
    Ok(bytes.into())
}
