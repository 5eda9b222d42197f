//! Calls with an id. Their arguments go as bytes, also on one node, so that the callee can tell a repetition from another call; and if the
//! link breaks on the way they are made again, to the same run of the same service, which runs them once.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::sleep;

use super::slow::Course;
use crate::{
    actor::{AnyCell, Offer},
    call::{
        reach::local,
        requests::{Attempt, HandedOver},
    },
    error::{Failure, LostReason, RefusedReason},
    message::{Answer, CodecError, Envelope, Method, Stamp, WireOf, Written, reply_slot},
    panics::attempt,
};

/// The limit of the first pause before a call is made again, and what it grows to.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const MAX_PAUSE: Duration = Duration::from_secs(1);

impl Course {
    /// Makes a call that has no policy of its own.
    pub(super) async fn make_alone<M: Method>(
        &mut self,
        args: &mut Option<M::Args>,
    ) -> Result<Result<M::Value, M::Error>, Failure> {
        if self.options.once().is_some() {
            self.target.router.outages.budgets.call(&self.target.address.selector.interest);
        }
        self.make_once::<M>(args).await
    }

    /// Makes a call; one with an id again, as long as that is safe and may help.
    pub(super) async fn make_once<M: Method>(
        &mut self,
        args: &mut Option<M::Args>,
    ) -> Result<Result<M::Value, M::Error>, Failure> {
        match self.options.once() {
            None => self.run::<M>(args).await,
            Some(_) => Box::pin(self.keep_on::<M>(args)).await,
        }
    }

    async fn keep_on<M: Method>(&mut self, args: &mut Option<M::Args>) -> Result<Result<M::Value, M::Error>, Failure> {
        let mut pause = FIRST_PAUSE;
        loop {
            let failure = match self.run::<M>(args).await {
                Ok(result) => return Ok(result),
                Err(failure) => failure,
            };
            if args.is_none() || !self.is_worth_another(&failure) {
                return Err(failure);
            }
            let interest = &self.target.address.selector.interest;
            if self.burdens(&failure) && !self.target.router.outages.budgets.repeat(interest) {
                self.is_out_of_retries = true;
                return Err(failure);
            }
            if let (Failure::MaybeExecuted(reason), Some(asked)) = (failure, &self.place) {
                // Nobody else knows the id.
                self.target = self.target.pinned(asked.pid);
                self.lost = Some(reason);
            }
            // Between attempts nothing is under way; `lost` remembers what may have been executed.
            self.handed_over = HandedOver::No;
            sleep(self.target.router.rng().jitter(pause)).await;
            pause = pause.saturating_mul(2).min(MAX_PAUSE);
        }
    }

    /// Whether a call with an id that ended so is made again.
    fn is_worth_another(&self, failure: &Failure) -> bool {
        match failure {
            // All else is said by the callee, which would say it again.
            Failure::MaybeExecuted(reason) => matches!(reason, LostReason::LinkLost(_)),
            // It waited for another with its id whose own time was over before it was started, or whose caller has gone.
            Failure::NotExecuted(RefusedReason::Expired | RefusedReason::CallerGone) => true,
            // One that may have been executed is asked about for as long as there is time, and somebody who knows. What can pass has been waited
            // for already.
            Failure::NotExecuted(reason) => {
                use RefusedReason as R;
                let passes = matches!(
                    reason,
                    R::MailboxFull { .. } | R::LinkFull { .. } | R::BreakerOpen(_) | R::TooManyOnce { .. } | R::Paused
                );
                self.lost.is_some() && passes
            }
        }
    }

    /// Asks a service on this node: as one elsewhere is asked, but for the link. The arguments stay where they are.
    pub(super) async fn attempt_once<M: Method>(
        &mut self,
        cell: &dyn AnyCell,
        args: &mut Option<M::Args>,
        (stamp, envelope): (Stamp, Envelope),
    ) -> Attempt<M> {
        let Some(wire) = M::wire() else { return Attempt::Refused(RefusedReason::Private) };
        let bytes = match written::<M>(&wire, args) {
            Ok(bytes) => bytes,
            Err(error) => return Attempt::Refused(RefusedReason::Undecodable(error.to_string())),
        };
        let (reply, answer) = reply_slot::<Written>(None);
        let offer = Offer {
            args: &mut Some(bytes),
            envelope: &mut Some(Box::new(envelope)),
            stamp,
            index: 0,
            reply: &mut Some(reply),
        };
        if let Err(reason) = local::submit_written::<M>(cell, self.target.method_id::<M>(), offer) {
            return Attempt::Refused(reason);
        }
        self.handed_over = HandedOver::Yes;
        self.turn = None;
        let read = |read: Result<Result<M::Value, M::Error>, CodecError>| match read {
            Ok(result) => Attempt::Done(result),
            Err(error) => Attempt::Failed(LostReason::Undecodable(error.to_string()).into()),
        };
        let reading = "reading the reply";
        match answer.await {
            Answer::Done(Ok(value)) => read(guarded(M::INFO.name, reading, || wire.get_value(&value)).map(Ok)),
            Answer::Done(Err(error)) => read(guarded(M::INFO.name, reading, || wire.get_error(&error)).map(Err)),
            Answer::Failed(failure) => Attempt::Failed(failure),
            Answer::Refused(reason, _) => Attempt::Refused(reason),
        }
    }
}

fn written<M: Method>(wire: &WireOf<M>, args: &Option<M::Args>) -> Result<Bytes, CodecError> {
    let mut bytes = Vec::new();
    let args = args.as_ref().ok_or_else(|| CodecError::new("the arguments are gone"))?;
    guarded(M::INFO.name, "writing the arguments", || (wire.put_args)(args, &mut bytes))?;
    Ok(bytes.into())
}

/// Lets code of the user's write or read: if it panics, that ends the call, not its caller.
fn guarded<T>(method: &str, what: &str, action: impl FnOnce() -> Result<T, CodecError>) -> Result<T, CodecError> {
    attempt(action).unwrap_or_else(|panic| Err(CodecError::new(format_args!("{what} of `{method}` panicked: {panic}"))))
}
