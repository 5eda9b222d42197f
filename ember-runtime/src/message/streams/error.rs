//! How a stream can end before its time, and what could not be sent.

use std::{error, fmt};

use serde::{Deserialize, Serialize};

/// Why a stream has ended before its sender ended it. What had been sent and did not come, was lost. These travel between nodes:
/// variants may be added at the end, never moved or removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[non_exhaustive]
pub enum StreamError {
    /// The service that sent it has stopped, has failed, or was started again.
    #[error(
        "the stream has ended before its time: the service that sent it has stopped, has failed, or was started again"
    )]
    ServiceEnded,
    /// What sent it panicked.
    #[error("the stream has ended before its time: what sent it panicked")]
    Panicked,
    /// The link to the node that sent it broke, or the node was lost.
    #[error("the stream was lost on its way: {0}")]
    Lost(String),
    /// An item could not be written or read.
    #[error("an item of the stream cannot travel: {0}")]
    Undecodable(String),
    /// The node that sent it has forgotten it: its link to the reader broke, or nothing was asked for 30 s or more.
    #[error(
        "the node that sent the stream has forgotten it: the link broke, or it was not asked for anything for 30 s"
    )]
    Forgotten,
    /// The node of the reader has ended.
    #[error("the stream has ended before its time: the node that read it has shut down")]
    NodeClosed,
}

impl StreamError {
    /// Of a service that has lost its office before what was sent was acknowledged.
    pub(super) fn overtaken() -> Self {
        Self::Lost(
            "its service is not the master of its group any more, and what it has sent was not acknowledged".into(),
        )
    }
}

impl From<StreamError> for crate::error::Error {
    fn from(error: StreamError) -> Self {
        Self::other(error)
    }
}

/// What a [`StreamSender`](super::StreamSender) could not send, with the item.
pub enum Unsent<T> {
    /// As many items as may be are ahead of the reader.
    Full(T),
    /// Nobody reads the stream any more, or the service has ended.
    Closed(T),
}

impl<T> Unsent<T> {
    /// The item.
    pub fn into_item(self) -> T {
        match self {
            Self::Full(item) | Self::Closed(item) => item,
        }
    }
}

impl<T> fmt::Debug for Unsent<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full(_) => "Full(..)",
            Self::Closed(_) => "Closed(..)",
        })
    }
}

impl<T> fmt::Display for Unsent<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full(_) => "the stream is full: as many items as may be are ahead of its reader; `send` waits",
            Self::Closed(_) => "nobody reads the stream any more",
        })
    }
}

impl<T> error::Error for Unsent<T> {}
