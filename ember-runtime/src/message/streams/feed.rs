//! A stream that comes from another node: a task fetches its items, batch by batch, and puts them where the reader takes them.

use std::{sync::Arc, time::Duration};

use tokio::time::sleep;

use super::{
    channel::{Channel, discard},
    desk::Source,
    error::{StreamError, Unsent},
    lent::{Ask, Items},
};
use crate::{
    error::{Failure, LostReason, RefusedReason},
    message::{codecs::Coding, format::CodecError},
    panics::attempt,
};

/// A reader that takes nothing for so long asks whether anything is added: that says that it is there, too.
const IDLE: Duration = Duration::from_millis(50);
/// It takes so many at once: items may have no bytes, and what is asked for is read in one go.
const MOST: usize = 1 << 16;

/// Whoever fills a stream from elsewhere. Dropped in the middle, the reader hears of it.
pub(super) struct Feeding<T>(pub(super) Arc<Channel<T>>);

impl<T> Drop for Feeding<T> {
    fn drop(&mut self) {
        self.0.end(Err(StreamError::NodeClosed));
    }
}

/// Fetches until the end, or until nobody reads any more.
pub(super) async fn feed<T>(source: Box<dyn Source>, coding: Coding<T>, feeding: Feeding<T>) {
    let channel = &feeding.0;
    let (mut from, mut over) = (0_u64, false);
    loop {
        let room = if over {
            // What is left has a place here: no more is ever ahead than may be. With none left there is the end, which needs none. The
            // other node may wait for that.
            channel.room().max(1)
        } else {
            tokio::select! {
                biased;
                room = channel.until_half_empty() => room,
                () = sleep(IDLE) => 0,
            }
        };
        if channel.is_over() {
            break;
        }
        let used = from.saturating_sub(channel.unused() as u64);
        let ask = Ask { from, used, room: room.min(MOST) as u32, bytes: u32::MAX };
        let batch = tokio::select! {
            biased;
            () = channel.until_over() => break,
            // It has room again: what it asks now is something else.
            _ = channel.until_half_empty(), if room == 0 => continue,
            batch = source.more(ask) => batch,
        };
        let end = match batch {
            // Only what was asked for has a place here, and is worth the time that it takes to read.
            Ok(batch) if batch.count > ask.room => {
                Some(Err(StreamError::Lost("more has come than was asked for".into())))
            }
            Ok(batch) => {
                from += u64::from(batch.count);
                over = batch.over;
                let end = batch.end.clone();
                match put(channel, coding, &batch) {
                    Ok(()) => end,
                    Err(error) => {
                        channel.end(Err(StreamError::Undecodable(error.to_string())));
                        break;
                    }
                }
            }
            Err(Failure::MaybeExecuted(reason @ LostReason::ReplyTooLarge { .. })) => {
                Some(Err(StreamError::Undecodable(reason.to_string())))
            }
            Err(Failure::NotExecuted(RefusedReason::NodeClosed | RefusedReason::RuntimeEnded)) => {
                Some(Err(StreamError::NodeClosed))
            }
            Err(Failure::NotExecuted(reason)) => Some(Err(StreamError::Lost(reason.to_string()))),
            Err(Failure::MaybeExecuted(reason)) => Some(Err(StreamError::Lost(reason.to_string()))),
        };
        if let Some(end) = end {
            channel.end(end);
            break;
        }
    }
    source.close().await;
}

/// Puts the items of a batch where the reader takes them: there is room for them.
fn put<T>(channel: &Channel<T>, coding: Coding<T>, batch: &Items) -> Result<(), CodecError> {
    let mut bytes = &*batch.bytes;
    for _ in 0..batch.count {
        let read = attempt(|| coding.take(&mut bytes));
        let item = read.unwrap_or_else(|panic| Err(CodecError::new(format_args!("reading it panicked: {panic}"))))?;
        match channel.push(item) {
            Ok(()) => {}
            // If nobody reads any more, that shows in the next look.
            Err(Unsent::Closed(unread)) => discard(unread),
            Err(Unsent::Full(lost)) => {
                discard(lost);
                return Err(CodecError::new("there was no room for an item, though it was asked for"));
            }
        }
    }
    if bytes.is_empty() { Ok(()) } else { Err(CodecError::new("there are bytes left over after the items")) }
}
