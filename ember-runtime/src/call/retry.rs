//! Repeating calls that failed, by a policy of the caller's.

use std::{mem, time::Duration};

use tokio::time::{sleep, timeout};

use super::{
    args::Args,
    attempt::{Course, HandedOver},
};
use crate::{
    error::{Failure, LostReason, RefusedReason},
    message::{Idempotent, Method},
};

/// When a call that certainly was not executed is made again: `player.rpc_buy(7, 1).retry(Retry::new(4)).await`.
///
/// It governs what the runtime does not resolve by itself: mailboxes and links that are full, targets that are missing,
/// paused or away when the runtime has given up on them. What cannot pass (another signature, an unknown or private method, a call
/// cycle, arguments that are too large) is not repeated. All attempts together stay within the deadline of the call.
///
/// Before each repetition it waits a random time between 0 and a limit ("full jitter"); the limit is 10 ms at first, doubles
/// each time, and ends at 1 s, unless [`backoff`](Retry::backoff) says otherwise.
///
/// ```
/// use std::time::Duration;
/// use ember_runtime::call::Retry; // for users: `ember::Retry`
///
/// let policy = Retry::new(4).backoff(Duration::from_millis(5), Duration::from_millis(500));
/// let bolder = policy.maybe_executed().attempt_timeout(Duration::from_millis(200)); // for idempotent methods only
/// # let _ = bolder;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    attempts: u32,
    first: Duration,
    max: Duration,
    attempt_timeout: Option<Duration>,
}

impl Retry {
    /// So many attempts altogether; 0 counts as 1.
    pub const fn new(attempts: u32) -> Self {
        Self { attempts, first: Duration::from_millis(10), max: Duration::from_secs(1), attempt_timeout: None }
    }

    /// The limit of the first pause, and what the limit grows to.
    #[must_use]
    pub const fn backoff(mut self, first: Duration, max: Duration) -> Self {
        self.first = first;
        self.max = max;
        self
    }

    /// Gives up on an attempt after this long. If the attempt has been handed to the callee by then, the call ends as
    /// `MaybeExecuted(Deadline)`, unless such outcomes are [repeated too](Retry::maybe_executed). With zero no attempt is made: the
    /// call is `NotExecuted(Expired)` at once.
    #[must_use]
    pub const fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = Some(timeout);
        self
    }

    /// The same, also for calls that may have been executed. Compiles only for methods marked `#[rpc(idempotent)]`, and
    /// needs arguments that are `Clone`.
    ///
    /// If one attempt may have been executed and the last one was refused, the outcome is still `MaybeExecuted`.
    #[must_use]
    pub const fn maybe_executed(self) -> RetryMaybeExecuted {
        RetryMaybeExecuted(self)
    }
}

/// A [`Retry`] that repeats calls which may have been executed too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryMaybeExecuted(Retry);

impl RetryMaybeExecuted {
    /// As [`Retry::backoff`].
    #[must_use]
    pub const fn backoff(self, first: Duration, max: Duration) -> Self {
        Self(self.0.backoff(first, max))
    }

    /// Gives up on an attempt after this long, and makes another. With zero none is made, as by [`Retry::attempt_timeout`].
    #[must_use]
    pub const fn attempt_timeout(self, timeout: Duration) -> Self {
        Self(self.0.attempt_timeout(timeout))
    }
}

/// Copies arguments before they are moved away.
type Keep<A> = fn(&A) -> A;

/// A policy as it is kept with a call of the method `M`, or with each of many.
#[derive(Debug)]
pub struct Repeat<M: Method> {
    policy: Retry,
    /// Keeps the arguments of a call that may have been executed; `None` if it is not repeated then.
    keep: Option<Keep<M::Args>>,
}

impl<M: Method> Clone for Repeat<M> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<M: Method> Copy for Repeat<M> {}

/// What [`Call::retry`](super::Call::retry) takes for calls of the method `M`: a [`Retry`], or for idempotent methods a
/// [`RetryMaybeExecuted`].
pub trait RetryPolicy<M: Method> {
    #[doc(hidden)]
    fn repeat(self) -> Repeat<M>;
}

impl<M: Method> RetryPolicy<M> for Retry {
    fn repeat(self) -> Repeat<M> {
        Repeat { policy: self, keep: None }
    }
}

impl<M: Idempotent<Args: Clone>> RetryPolicy<M> for RetryMaybeExecuted {
    fn repeat(self) -> Repeat<M> {
        Repeat { policy: self.0, keep: Some(M::Args::clone) }
    }
}

impl Course {
    /// Makes the call again and again, as `repeat` says.
    pub(super) async fn repeat<M: Method>(
        &mut self,
        args: &mut Option<M::Args>,
        repeat: Repeat<M>,
    ) -> Result<Result<M::Value, M::Error>, Failure> {
        let Repeat { policy, keep } = repeat;
        if policy.attempt_timeout.is_some_and(|limit| limit.is_zero()) {
            // Not even tried: some callees would have answered within no time, and of others it would not be known.
            return Err(RefusedReason::Expired.into());
        }
        let mut pause = policy.first.min(policy.max);
        let mut left = policy.attempts.max(1);
        loop {
            left -= 1;
            let mut spare = Args::<M>::new(match (keep, &*args) {
                (Some(keep), Some(args)) if left > 0 => Some(keep(args)),
                _ => None,
            });
            self.handed_over = HandedOver::No;
            let failure = match self.one_attempt::<M>(args, policy.attempt_timeout).await {
                Ok(result) => return Ok(result),
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
                    if spare.is_none() || !may_go_better(reason) {
                        return Err(failure);
                    }
                    self.lost = Some(reason.clone());
                    mem::swap(args, &mut *spare);
                }
            }
            // Between attempts nothing is under way; `lost` remembers what may have been executed.
            self.handed_over = HandedOver::No;
            sleep(self.target.router.rng().jitter(pause)).await;
            pause = pause.saturating_mul(2).min(policy.max);
        }
    }

    async fn one_attempt<M: Method>(
        &mut self,
        args: &mut Option<M::Args>,
        limit: Option<Duration>,
    ) -> Result<Result<M::Value, M::Error>, Failure> {
        let Some(limit) = limit else { return self.run::<M>(args).await };
        let outcome = timeout(limit, self.run::<M>(args)).await;
        match outcome {
            Ok(outcome) => outcome,
            Err(_) if self.handed_over.is_so() => Err(LostReason::Deadline.into()),
            Err(_) => Err(RefusedReason::Expired.into()),
        }
    }
}

/// Whether a refusal may pass with time. `Expired` is the time-out of one attempt here.
fn may_pass(reason: &RefusedReason) -> bool {
    use RefusedReason as R;
    let passing =
        matches!(reason, R::MailboxFull { .. } | R::LinkFull { .. } | R::NoTarget(_) | R::ModuleBusy(_) | R::Expired);
    passing || reason.can_pass()
}

/// Whether another attempt may end better than one that may have been executed.
fn may_go_better(reason: &LostReason) -> bool {
    !matches!(reason, LostReason::ReplyTooLarge { .. } | LostReason::Undecodable(_))
}
