//! What every call has, beside its arguments. What few have, is in its [`Envelope`](super::Envelope).

use tokio::time::Instant;

/// By whom a call is made, and until when.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Stamp {
    /// The number of the service whose handler makes it, on the node that it comes from; 0 if no service does.
    pub(crate) caller: u64,
    /// When the caller stops waiting; `None` for a one-way call without a limit.
    pub(crate) deadline: Option<Instant>,
}

impl Stamp {
    /// Whether nobody waits any more.
    #[inline]
    pub(crate) fn is_expired(&self) -> bool {
        self.deadline.is_some_and(|deadline| deadline <= Instant::now())
    }
}
