//! The error of everything that is not a call.

use std::{error, fmt, io};

use super::{CallError, LossRefused, NoUniqueId, OffloadError, SendError};
use crate::id::Epoch;

/// `Result` with Ember's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A boxed error of any kind.
pub(crate) type Cause = Box<dyn error::Error + Send + Sync>;

/// What starting, running and stopping a node can report. Lifecycle hooks return it too: `?` accepts the usual errors,
/// and [`Error::other`] takes any.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The configuration can never work.
    #[error("{0}")]
    Configuration(String),
    /// A service did not start.
    #[error("the service `{service}` did not start: {cause}")]
    ServiceStart {
        /// Its name.
        service: String,
        /// What its `init` or `start` reported.
        #[source]
        cause: Cause,
    },
    /// The registry reported an error.
    #[error(transparent)]
    Registry(Cause),
    /// An address could not be understood.
    #[error(transparent)]
    Endpoint(Cause),
    /// The operating system reported an error.
    #[error("{context}: {source}")]
    Io {
        /// What was being done.
        context: String,
        /// The error.
        #[source]
        source: io::Error,
    },
    /// A hook keeps the node from starting.
    #[error("the hook `{by}` keeps the node from starting: {reason}")]
    Denied {
        /// The type of the hook.
        by: String,
        /// Its reason.
        reason: String,
    },
    /// Another node of the cluster has this node's name, and answers.
    #[error(
        "the name `{name}` is taken in this cluster: {by} answers. Give this node a name of its own, or shut that one down first"
    )]
    NameTaken {
        /// The name.
        name: String,
        /// The run of the other node, and its address.
        by: String,
    },
    /// A later node has been started with this node's name while this one could not be reached. Peers use that one; this one
    /// has been shut down.
    #[error("another node was started later with the name of this one, `{name}`, and took its place: {by}")]
    Replaced {
        /// The name.
        name: String,
        /// The run of the other node, and its address.
        by: String,
    },
    /// A call failed.
    #[error(transparent)]
    Call(Cause),
    /// The node has been shut down.
    #[error("the node has been shut down")]
    Closed,
    /// The tokio runtime that the node was started on has ended, and the node with it.
    #[error(
        "the tokio runtime that the node was started on has ended, and the node with it: keep that runtime for as long as the \
         node, or start a node on each (every `#[tokio::test]` has a runtime of its own)"
    )]
    RuntimeEnded,
    /// The shutdown was cut short: work was still running when its time was over, or streams had not been read.
    #[error("the shutdown was cut short: {0}")]
    CutShort(String),
    /// The end of a node would wait for the one who waits for it.
    #[error(
        "the shutdown would wait for itself: `{0}` runs on this node, and waits for its end. Write `cx.shutdown_node()` there, which asks \
         for the shutdown and does not wait; without a `cx`, `tokio::spawn(async move {{ node.shutdown().await }})`, and do not wait for that task"
    )]
    Cycle(String),
    /// This instance of an elected service is not the master, or not any more.
    #[error("this instance is not the master any more: it was that in the epoch {epoch}")]
    NotMaster {
        /// The epoch in which its handler began.
        epoch: Epoch,
    },
    /// The node makes no unique id now.
    #[error(transparent)]
    UniqueId(#[from] NoUniqueId),
    /// The loss of what a replicated group had is not accepted.
    #[error(transparent)]
    Loss(#[from] LossRefused),
    /// Offloaded work has no result.
    #[error(transparent)]
    Offload(#[from] OffloadError),
    /// Any other error.
    #[error(transparent)]
    Other(Cause),
}

/// The same words as `Display`: this is what a `main` that returns an error prints.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error {
    /// Wraps any error, or a text.
    pub fn other(error: impl Into<Cause>) -> Self {
        Self::Other(error.into())
    }
}

impl From<io::Error> for Error {
    fn from(source: io::Error) -> Self {
        Self::Io { context: "input or output failed".into(), source }
    }
}

impl<E: error::Error + Send + Sync + 'static> From<CallError<E>> for Error {
    fn from(error: CallError<E>) -> Self {
        Self::Call(error.into())
    }
}

impl<A> From<SendError<A>> for Error {
    fn from(error: SendError<A>) -> Self {
        Self::Call(error.refused.into())
    }
}
