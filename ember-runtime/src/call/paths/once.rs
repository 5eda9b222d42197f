//! Calls with an id: if the link breaks on the way they are made again, to the same run of the same service, which runs them once.

use std::time::Duration;

use tokio::time::sleep;

use super::slow::Course;
use crate::{
    call::requests::HandedOver,
    directory::Instance,
    error::{Failure, LostReason, RefusedReason},
    id::Epoch,
    message::Method,
};

/// The limit of the first pause before a call is made again, and what it grows to.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const MAX_PAUSE: Duration = Duration::from_secs(1);

impl Course {
    /// Makes a call that has no policy of its own: its repetitions, if it has an id, are paid for from the budget that it adds to here.
    pub(super) async fn without_policy<M: Method>(
        &mut self,
        args: &mut Option<M::Args>,
    ) -> Result<Result<M::Value, M::Error>, Failure> {
        if self.options.once().is_some() {
            self.target.router.outages.budgets.call(&self.target.address.selector.interest);
        }
        self.safely::<M>(args).await
    }

    /// Makes a call; one with an id again, as long as that is safe and may help.
    pub(super) async fn safely<M: Method>(
        &mut self,
        args: &mut Option<M::Args>,
    ) -> Result<Result<M::Value, M::Error>, Failure> {
        match self.options.once() {
            None => match self.run::<M>(args).await {
                Err(Failure::MaybeExecuted(reason)) if self.is_asked_for(&reason) => {
                    Box::pin(self.settle::<M>(reason)).await
                }
                outcome => outcome,
            },
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
    fn is_worth_another(&self, failure: &Failure) -> bool {
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
}
