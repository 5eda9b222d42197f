//! The end of a stream that is read.

use std::{
    fmt,
    future::poll_fn,
    mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use futures_util::Stream;
use tokio::task::coop;

use super::{
    channel::{Channel, Next, Receiver},
    desk::{Desk, Station},
    error::StreamError,
    feed::{Feeding, feed},
    lent::{Lent, Ticket},
    life::StreamsOfLife,
    sender::{Holds, StreamSender},
};
use crate::message::{codecs::Coding, format::CodecError};

/// What a method returns that has many replies: `async fn rpc_feed(&mut self, cx: &mut Cx<'_, Self>) -> Streaming<Line>`. It comes with
/// its [`StreamSender`] from `cx.streaming(64)`, and the caller reads it: `while let Some(line) = feed.next().await { line? }`. It is also
/// a `futures::Stream`.
///
/// Items come in the order in which they were sent, none is lost, and none comes twice. When the sender ends the stream, `None`
/// follows; when anything else ends it, an error that says what, and then `None`. Dropped, it ends the stream, and the sender learns
/// of it. On one node items are moved; between nodes they are written by the method's codec, and up to as many of them as may be
/// ahead wait with the reader.
#[must_use = "dropping it ends the stream"]
pub struct Streaming<T>(Half<T>);

enum Half<T> {
    /// It is read here.
    Here(Receiver<T>, Arc<dyn Desk>),
    /// It is on its way between nodes.
    Elsewhere(Ticket),
    Over,
}

/// The two halves of a stream of a service of the node `desk`. `is_cut` says whether the service has been cut off; what leaves it may have to
/// wait, as `holds` says.
pub(crate) fn streaming<T: Send + 'static, F: Fn() -> bool + Send + Sync + 'static>(
    ahead: usize,
    station: &Station,
    streams: &StreamsOfLife,
    is_cut: impl FnOnce() -> F,
    holds: Option<Arc<dyn Holds>>,
) -> (StreamSender<T>, Streaming<T>) {
    let channel = Channel::new(ahead);
    let receiver = Receiver(Arc::clone(&channel));
    let sender = StreamSender::new(channel, Arc::clone(streams.life(is_cut)), holds);
    (sender, Streaming(Half::Here(receiver, Arc::clone(&station.0))))
}

impl<T> Streaming<T> {
    /// The next item; `None` at the end.
    ///
    /// # Errors
    /// Whatever has ended the stream before its time; then it has ended.
    ///
    /// # Cancel safety
    /// Nothing is lost if the future is dropped.
    pub async fn next(&mut self) -> Option<Result<T, StreamError>> {
        poll_fn(|task| self.poll(task)).await
    }

    fn poll(&mut self, task: &mut Context<'_>) -> Poll<Option<Result<T, StreamError>>> {
        match &self.0 {
            Half::Here(receiver, _) => {
                // Whoever always finds an item must not keep the other tasks of its thread from running.
                let turn = ready!(coop::poll_proceed(task));
                let next = ready!(receiver.0.poll_next(task, false));
                turn.made_progress();
                Poll::Ready(match next {
                    Some(Next::Item(item)) => Some(Ok(item)),
                    Some(Next::End(Err(error))) => Some(Err(error)),
                    Some(Next::End(Ok(()))) | None => None,
                })
            }
            Half::Elsewhere(_) => {
                self.0 = Half::Over;
                Poll::Ready(Some(Err(StreamError::Lost("nobody has taken it over".into()))))
            }
            Half::Over => Poll::Ready(None),
        }
    }

    pub(super) fn at(ticket: Ticket) -> Self {
        Self(Half::Elsewhere(ticket))
    }

    pub(super) fn ticket(&self) -> Option<&Ticket> {
        if let Half::Elsewhere(ticket) = &self.0 { Some(ticket) } else { None }
    }
}

impl<T: Send + 'static> Streaming<T> {
    /// It is about to leave for another node, which will ask for its items.
    #[doc(hidden)]
    pub fn lend(&mut self, coding: Coding<T>) -> Result<(), CodecError> {
        match mem::replace(&mut self.0, Half::Over) {
            Half::Here(receiver, desk) => {
                let ahead = receiver.0.capacity;
                let ticket = desk.lend(Arc::new(Lent::new(receiver, coding)), ahead).map_err(CodecError::new)?;
                self.0 = Half::Elsewhere(ticket);
            }
            other => self.0 = other,
        }
        Ok(())
    }

    /// It has come from another node.
    #[doc(hidden)]
    pub fn adopt(&mut self, coding: Coding<T>, station: &Station) {
        let Half::Elsewhere(ticket) = self.0 else { return };
        let desk = Arc::clone(&station.0);
        let channel = Channel::new(usize::try_from(ticket.ahead).unwrap_or(usize::MAX));
        self.0 = Half::Here(Receiver(Arc::clone(&channel)), Arc::clone(&desk));
        let source = Arc::clone(&desk).source(ticket);
        desk.run(Box::pin(feed(source, coding, Feeding(channel))));
    }
}

impl<T> Stream for Streaming<T> {
    type Item = Result<T, StreamError>;

    fn poll_next(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll(task)
    }
}

impl<T> fmt::Debug for Streaming<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Streaming").finish_non_exhaustive()
    }
}
