//! Repeating calls that failed, by a policy of the caller's.

use std::{sync::Arc, time::Duration};

use tokio::time::{sleep, timeout};

use super::slow::Course;
use crate::{
    call::requests::{HandedOver, Retry},
    error::{Failure, LostReason, RefusedReason},
};

impl Course {
    /// Makes the call again and again, as `policy` says.
    pub(crate) async fn repeat(&mut self, policy: Retry) -> Result<(), Failure> {
        if policy.attempt_timeout.is_some_and(|limit| limit.is_zero()) {
            // Not even tried: some callees would have answered within no time, and of others it would not be known.
            return Err(RefusedReason::Expired.into());
        }
        let budgets = Arc::clone(&self.target.router);
        let (budgets, interest) = (&budgets.outages.budgets, self.target.address.selector.interest.clone());
        budgets.call(&interest);
        let mut pause = policy.first.min(policy.max);
        let mut left = policy.attempts.max(1);
        loop {
            left -= 1;
            match left {
                0 => self.freight.drop_copy(),
                _ => self.freight.copy(),
            }
            self.handed_over = HandedOver::No;
            let failure = match self.one_attempt(policy.attempt_timeout).await {
                Ok(()) => return Ok(()),
                Err(failure) => failure,
            };
            if left == 0 {
                return Err(failure);
            }
            match &failure {
                Failure::NotExecuted(reason) if !may_pass(reason) => return Err(failure),
                // Neither would end.
                Failure::NotExecuted(RefusedReason::Retiring) if self.is_for_one_that_retires() => return Err(failure),
                Failure::NotExecuted(_) => {}
                Failure::MaybeExecuted(reason) => {
                    if !self.freight.has_copy() || !self.may_go_better(reason) {
                        return Err(failure);
                    }
                }
            }
            if self.burdens(&failure) && !budgets.repeat(&interest) {
                self.is_out_of_retries = true;
                return Err(failure);
            }
            if let Failure::MaybeExecuted(reason) = failure {
                self.may_have_run(reason);
                self.freight.use_copy();
            }
            // Between attempts nothing is under way; `lost` remembers what may have been executed.
            self.handed_over = HandedOver::No;
            sleep(self.target.router.rng().jitter(pause)).await;
            pause = pause.saturating_mul(2).min(policy.max);
        }
    }

    async fn one_attempt(&mut self, limit: Option<Duration>) -> Result<(), Failure> {
        let Some(limit) = limit else { return self.safely().await };
        let outcome = timeout(limit, self.safely()).await;
        match outcome {
            Ok(outcome) => outcome,
            Err(_) if self.handed_over.is_so() => Err(self.no_answer()),
            Err(_) => Err(self.waits_for().unwrap_or(RefusedReason::Expired).into()),
        }
    }

    /// Whether another attempt may end better than one that may have been executed.
    pub(super) fn may_go_better(&self, reason: &LostReason) -> bool {
        use LostReason as L;
        match self.options.once() {
            None => !matches!(reason, L::ReplyTooLarge { .. } | L::Undecodable(_) | L::Forgotten),
            // What the callee has said it would say again.
            Some(_) => matches!(reason, L::LinkLost(_) | L::Deadline | L::TooManyRepeats { .. }),
        }
    }

    /// Whether an attempt that failed so may have cost its callee something, or its queue was full: to make it again is paid for from the budget.
    pub(super) fn burdens(&self, failure: &Failure) -> bool {
        use RefusedReason as R;
        match failure {
            // One that has only waited has reached nobody.
            Failure::NotExecuted(R::Expired) => self.handed_over.is_so(),
            Failure::NotExecuted(reason) => !matches!(reason, R::NoTarget(_) | R::BreakerOpen(_)) && !reason.can_pass(),
            Failure::MaybeExecuted(_) => true,
        }
    }
}

/// Whether a refusal may pass with time. `Expired` is the time-out of one attempt here.
pub(super) fn may_pass(reason: &RefusedReason) -> bool {
    use RefusedReason as R;
    let passing = matches!(
        reason,
        R::MailboxFull { .. }
            | R::LinkFull { .. }
            | R::NoTarget(_)
            | R::ModuleBusy(_)
            | R::Expired
            | R::BreakerOpen(_)
            | R::TooManyOnce { .. }
            | R::TooManyCallers { .. }
    );
    passing || reason.can_pass()
}
