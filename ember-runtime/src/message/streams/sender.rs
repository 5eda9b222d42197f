//! The end of a stream that sends.

use std::{fmt, sync::Arc, thread};

use tokio::sync::oneshot;

use super::{
    channel::Channel,
    error::{StreamError, Unsent},
    held::Held,
    life::Life,
};
use crate::sync::shielded;

/// Sends the items of a [`Streaming`](super::Streaming). It can be kept in the service, or moved to a task.
///
/// Dropped, it ends the stream: the reader gets what was sent, and then `None`. If it is dropped by a panic, the stream ends with
/// [`StreamError::Panicked`]. When the service stops, fails or is started again, its streams end with
/// [`StreamError::ServiceEnded`], wherever their senders are.
///
/// What a replicated service has committed when an item is sent, or the stream ended, is acknowledged before the reader gets it: until then
/// [`send`](Self::send) waits, and what [`try_send`](Self::try_send) was given stands among the items that are ahead. If the service loses its office before, the stream
/// ends with [`StreamError::Lost`].
#[must_use = "dropping it ends the stream"]
pub struct StreamSender<T> {
    channel: Arc<Channel<T>>,
    life: Arc<Life>,
    /// What leaves its service may have to wait.
    gate: Option<Gate>,
}

/// Who says whether what leaves has to wait, and what ends the stream then.
struct Gate {
    holds: Arc<dyn Holds>,
    ends: Arc<dyn Ends>,
}

/// Something that ends so.
trait Ends: Send + Sync {
    fn end(&self, how: Result<(), StreamError>);
}

impl<T: Send> Ends for Channel<T> {
    fn end(&self, how: Result<(), StreamError>) {
        Self::end(self, how);
    }
}

/// A service of which what leaves may have to wait until something is acknowledged.
pub(crate) trait Holds: Send + Sync {
    /// Whether what leaves now has to wait.
    fn holds(&self) -> bool;

    /// Tells `then` whether it may leave: now, or when that is known; in the order in which this was asked.
    fn tell(&self, then: Box<dyn FnOnce(bool) + Send>);
}

impl<T: Send + 'static> StreamSender<T> {
    pub(super) fn new(channel: Arc<Channel<T>>, life: Arc<Life>, holds: Option<Arc<dyn Holds>>) -> Self {
        life.add(&channel);
        let gate = holds.map(|holds| Gate { holds, ends: Arc::clone(&channel) as Arc<dyn Ends> });
        Self { channel, life, gate }
    }

    /// Sends an item. Waits as long as as many items as may be are ahead of the reader.
    ///
    /// # Errors
    /// [`Unsent::Closed`] if nobody reads the stream any more, or the service has ended.
    ///
    /// # Cancel safety
    /// If the future is dropped before it ends, the item is dropped with it, and was not sent.
    pub async fn send(&self, item: T) -> Result<(), Unsent<T>> {
        if let Some(Gate { holds, .. }) = self.held() {
            let (tell, told) = oneshot::channel();
            holds.tell(Box::new(move |well| {
                let _nobody_waits = tell.send(well);
            }));
            if !shielded(told).await.unwrap_or(false) {
                self.channel.end(Err(StreamError::overtaken()));
                return Err(Unsent::Closed(item));
            }
        }
        shielded(self.channel.push_waiting(item)).await
    }

    /// Sends an item if there is room for it. Never waits.
    ///
    /// # Errors
    /// [`Unsent::Full`] if as many items as may be are ahead of the reader, [`Unsent::Closed`] as [`send`](Self::send).
    pub fn try_send(&self, item: T) -> Result<(), Unsent<T>> {
        let Some(Gate { holds, .. }) = self.held() else { return self.channel.push(item) };
        let item = Held::new(&self.channel, item)?;
        holds.tell(Box::new(move |well| item.leave(well)));
        Ok(())
    }
}

impl<T> StreamSender<T> {
    /// Who is to be asked when what leaves now may leave, if that is not now.
    fn held(&self) -> Option<&Gate> {
        self.gate.as_ref().filter(|gate| gate.holds.holds())
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
        let how = if thread::panicking() {
            Err(StreamError::Panicked)
        } else if self.life.is_cut() {
            Err(StreamError::ServiceEnded)
        } else {
            Ok(())
        };
        let Some(Gate { holds, ends }) = self.held() else { return self.channel.end(how) };
        let ends = Arc::clone(ends);
        // Behind the items.
        holds.tell(Box::new(move |well| ends.end(if well { how } else { Err(StreamError::overtaken()) })));
    }
}

impl<T> fmt::Debug for StreamSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamSender").field("is_closed", &self.is_closed()).finish_non_exhaustive()
    }
}
