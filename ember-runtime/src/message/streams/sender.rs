//! The end of a stream that sends.

use std::{fmt, sync::Arc, thread};

use super::{
    channel::Channel,
    error::{StreamError, Unsent},
    life::Life,
};
use crate::sync::shielded;

/// Sends the items of a [`Streaming`](super::Streaming). It can be kept in the service, or moved to a task.
///
/// Dropped, it ends the stream: the reader gets what was sent, and then `None`. If it is dropped by a panic, the stream ends with
/// [`StreamError::Panicked`]. When the service stops, fails or is started again, its streams end with
/// [`StreamError::ServiceEnded`], wherever their senders are.
#[must_use = "dropping it ends the stream"]
pub struct StreamSender<T> {
    channel: Arc<Channel<T>>,
    life: Arc<Life>,
}

impl<T: Send + 'static> StreamSender<T> {
    pub(super) fn new(channel: Arc<Channel<T>>, life: Arc<Life>) -> Self {
        life.add(&channel);
        Self { channel, life }
    }
}

impl<T> StreamSender<T> {
    /// Sends an item. Waits as long as as many items as may be are ahead of the reader.
    ///
    /// # Errors
    /// [`Unsent::Closed`] if nobody reads the stream any more, or the service has ended.
    ///
    /// # Cancel safety
    /// If the future is dropped before it ends, the item is dropped with it, and was not sent.
    pub async fn send(&self, item: T) -> Result<(), Unsent<T>> {
        shielded(self.channel.push_waiting(item)).await
    }

    /// Sends an item if there is room for it. Never waits.
    ///
    /// # Errors
    /// [`Unsent::Full`] if as many items as may be are ahead of the reader, [`Unsent::Closed`] as [`send`](Self::send).
    pub fn try_send(&self, item: T) -> Result<(), Unsent<T>> {
        self.channel.push(item)
    }

    /// Ends when nothing can be sent any more: the reader has dropped its half, its node was lost, or the service has ended.
    ///
    /// # Cancel safety
    /// Nothing is lost if the future is dropped.
    pub async fn closed(&self) {
        shielded(self.channel.until_over()).await;
    }

    /// Whether nothing can be sent any more.
    pub fn is_closed(&self) -> bool {
        self.channel.is_over()
    }
}

impl<T> Drop for StreamSender<T> {
    fn drop(&mut self) {
        self.channel.end(if thread::panicking() {
            Err(StreamError::Panicked)
        } else if self.life.is_cut() {
            Err(StreamError::ServiceEnded)
        } else {
            Ok(())
        });
    }
}

impl<T> fmt::Debug for StreamSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamSender").field("is_closed", &self.is_closed()).finish_non_exhaustive()
    }
}
