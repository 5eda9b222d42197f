//! Why offloaded work has no result.

/// Why work that a service has [offloaded](crate::actor::Cx::offload) has no result. But for [`Panicked`](Self::Panicked) and
/// [`Closed`](Self::Closed), nothing of it was run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OffloadError {
    /// So much waits for the node's pool already that nothing more is taken.
    #[error(
        "the pool of this node is full: {waiting} pieces of work wait while {running} run. Answer that you are busy, or offload less at a time; \
         if there is to be room for more, write `Node::builder().offload(Offload::default().waiting(…))`, or more `.threads(…)`"
    )]
    Full {
        /// How many pieces waited, which is the bound.
        waiting: usize,
        /// How many ran.
        running: usize,
    },
    /// So much waits under this key already that nothing more is taken: what is left of the room is for other keys.
    #[error(
        "{waiting} pieces of work wait under this key, of which one runs at a time: one key has half of the room, so that others have the rest. \
         Answer that you are busy, offload less under one key, or take keys that say which pieces really must not run at once"
    )]
    KeyFull {
        /// How many pieces waited under the key, which is the bound.
        waiting: usize,
    },
    /// The mailbox of the service has no place for the callback.
    #[error(
        "the mailbox of the service has no place for the callback ({limit} wait, or are promised): offload less at a time, or raise the bound with \
         `Hosted::new(…).mailbox(…)`"
    )]
    NoPlace {
        /// The bound of the mailbox.
        limit: u64,
    },
    /// The work panicked. The pool goes on, and so does the service.
    #[error("the work panicked: {0}")]
    Panicked(String),
    /// The service is replicated, and what the work was to follow from has not been acknowledged.
    #[error(
        "what the work was to follow from was not acknowledged: this instance is not the master of its group any more"
    )]
    NotAcknowledged,
    /// The operating system had no thread for it.
    #[error("no thread could be started for it: {0}. Raise the limit of the process, or have fewer `.threads(…)`")]
    NoThread(String),
    /// The node has ended, and its pool with it. A future may have begun.
    #[error("the node has ended, and its pool with it")]
    Closed,
}
