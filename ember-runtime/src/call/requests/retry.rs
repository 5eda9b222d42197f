//! What callers say of repeating calls that failed.

use std::time::Duration;

use crate::message::{Idempotent, Method};

/// When a call that certainly was not executed is made again: `player.rpc_buy(7, 1).retry(Retry::new(4)).await`.
///
/// It governs what the runtime does not resolve by itself: mailboxes and links that are full, targets that are missing,
/// paused or away when the runtime has given up on them. What cannot pass (another signature, an unknown or private method, a call
/// cycle, arguments that are too large) is not repeated. All attempts together stay within the deadline of the call. Of many calls that fail
/// few are repeated: the node has a [budget](crate::call::RetryBudget).
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
    pub(crate) attempts: u32,
    pub(crate) first: Duration,
    pub(crate) max: Duration,
    pub(crate) attempt_timeout: Option<Duration>,
}

impl Retry {
    /// So many attempts altogether, the first included; with 1 it is not repeated. 0 counts as 1, so that a number of attempts that was
    /// configured away leaves the call as it is.
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
pub(crate) type Keep<A> = fn(&A) -> A;

/// A policy as it is kept with a call of the method `M`, or with each of many.
#[derive(Debug)]
pub struct Repeat<M: Method> {
    pub(crate) policy: Retry,
    /// Keeps the arguments of a call that may have been executed; `None` if it is not repeated then.
    pub(crate) keep: Option<Keep<M::Args>>,
}

impl<M: Method> Clone for Repeat<M> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<M: Method> Copy for Repeat<M> {}

/// What [`Call::retry`](crate::call::clients::Call::retry) takes for calls of the method `M`: a [`Retry`], or for idempotent methods a
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
