//! Items that have their places in a stream, and are not sent yet.

use std::sync::Arc;

use super::{
    channel::{Channel, discard},
    error::{StreamError, Unsent},
};

/// One of them. Dropped, it never will be sent, and the stream ends.
pub(super) struct Held<T> {
    channel: Arc<Channel<T>>,
    item: Option<T>,
}

impl<T> Held<T> {
    /// If there is room.
    pub(super) fn new(channel: &Arc<Channel<T>>, item: T) -> Result<Self, Unsent<T>> {
        let item = Some(channel.hold(item)?);
        Ok(Self { channel: Arc::clone(channel), item })
    }

    /// It is sent now; or never, if not all was well.
    pub(super) fn leave(mut self, well: bool) {
        let item = if well { self.item.take() } else { None };
        let Some(item) = item else { return };
        self.channel.release();
        if let Err(Unsent::Closed(item) | Unsent::Full(item)) = self.channel.push(item) {
            discard(item);
        }
    }
}

impl<T> Drop for Held<T> {
    fn drop(&mut self) {
        let Some(item) = self.item.take() else { return };
        self.channel.release();
        self.channel.end(Err(StreamError::overtaken()));
        discard(item);
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Poll, Waker};

    use super::*;
    use crate::message::streams::channel::Next;

    fn next(channel: &Channel<u32>) -> Option<Result<u32, Result<(), StreamError>>> {
        match channel.poll_next(&mut Context::from_waker(Waker::noop()), false) {
            Poll::Ready(Some(Next::Item(item))) => Some(Ok(item)),
            Poll::Ready(Some(Next::End(end))) => Some(Err(end)),
            Poll::Ready(None) | Poll::Pending => None,
        }
    }

    #[test]
    fn what_is_held_has_its_place_and_comes_when_it_leaves_or_ends_the_stream() {
        let channel = Channel::new(2);
        let [first, second] = [1, 2].map(|item| Held::new(&channel, item).unwrap_or_else(|_| panic!("there is room")));
        assert!(matches!(channel.push(3), Err(Unsent::Full(3))) && next(&channel).is_none());
        assert!(matches!(Held::new(&channel, 3), Err(Unsent::Full(3))));
        first.leave(true);
        assert_eq!(next(&channel), Some(Ok(1)));
        assert!(channel.push(3).is_ok(), "it has left");
        second.leave(false);
        assert_eq!(next(&channel), Some(Ok(3)));
        assert_eq!(next(&channel), Some(Err(Err(StreamError::overtaken()))));
    }
}
