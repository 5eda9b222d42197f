//! A stream that somebody on another node reads: it is asked for items, batch by batch, and writes them.

use std::{
    sync::Mutex,
    task::{Context, Poll, ready},
};

use serde::{Deserialize, Serialize};

use super::{
    channel::{Next, Receiver, discard},
    error::StreamError,
};
use crate::{
    error::LostReason,
    id::NodeKey,
    message::{
        codecs::Coding,
        format::{Unwritten, put_within},
    },
    sync::lock,
};

/// A batch has no more bytes than this, but for one that is a single item.
const ENOUGH: usize = 64 << 10;

/// A stream, as another node knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ticket {
    /// Where it comes from.
    pub(crate) node: NodeKey,
    /// Which of that node's streams it is.
    pub(crate) number: u64,
    /// So many items may be ahead of the reader.
    pub(crate) ahead: u32,
}

/// What a reader asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ask {
    /// So many items it has got so far.
    pub(crate) from: u64,
    /// So many of these have been used.
    pub(crate) used: u64,
    /// It takes so many more. With none it says that it is there, and asks whether something is added yet.
    pub(crate) room: u32,
    /// It takes so many bytes at once, but for a single item that has more.
    pub(crate) bytes: u32,
}

/// What it gets: items, and the end of the stream if it comes after them.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Items {
    pub(crate) count: u32,
    #[serde(with = "raw")]
    pub(crate) bytes: Vec<u8>,
    #[serde(with = "ending")]
    pub(crate) end: Option<Result<(), StreamError>>,
    /// Nothing is added any more: what is left can be fetched now, before its node goes.
    pub(crate) over: bool,
}

/// Bytes at once: by themselves, serde writes and reads them one by one.
mod raw {
    use std::fmt;

    use serde::{Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bytes(bytes)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        struct Bytes;

        impl de::Visitor<'_> for Bytes {
            type Value = Vec<u8>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
                Ok(bytes.to_owned())
            }
        }

        from.deserialize_bytes(Bytes)
    }
}

/// Apart, so that what comes with an end of a later release can be read.
mod ending {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, ser};

    use super::StreamError;

    type End = Option<Result<(), StreamError>>;

    pub(super) fn serialize<S: Serializer>(end: &End, to: S) -> Result<S::Ok, S::Error> {
        let bytes = end.as_ref().map(postcard::to_stdvec).transpose().map_err(ser::Error::custom)?;
        bytes.serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<End, D::Error> {
        let unknown = |_| Err(StreamError::Lost("it has ended for a reason that only a later release knows".into()));
        let bytes = Option::<Vec<u8>>::deserialize(from)?;
        Ok(bytes.map(|bytes| postcard::from_bytes(&bytes).unwrap_or_else(unknown)))
    }
}

impl Items {
    /// Nothing, and nothing more.
    pub(crate) fn failed(error: StreamError) -> Self {
        Self { end: Some(Err(error)), ..Self::default() }
    }
}

/// A stream that is asked for its items.
pub(crate) trait Pull: Send + Sync {
    /// Ready as soon as there is an item, or the end. If nothing is asked for, as soon as nothing is added any more.
    fn poll_batch(&self, ask: Ask, task: &mut Context<'_>) -> Poll<Items>;

    /// Nothing is added any more, if it has not ended by itself; what is there can still be asked for.
    fn end(&self, why: StreamError);

    /// Nobody reads it any more.
    fn close(&self);
}

pub(super) struct Lent<T> {
    receiver: Receiver<T>,
    coding: Coding<T>,
    sent: Mutex<Sent>,
}

/// What has been given away so far.
#[derive(Default)]
struct Sent {
    count: u64,
    /// So many of these have been used.
    used: u64,
    /// The next item, which had no place in the last batch.
    next: Option<Vec<u8>>,
}

impl<T> Lent<T> {
    pub(super) fn new(receiver: Receiver<T>, coding: Coding<T>) -> Self {
        Self { receiver, coding, sent: Mutex::default() }
    }

    /// The next item as bytes, of which it has no more than `limit`, or the end.
    fn poll_item(
        &self,
        sent: &mut Sent,
        limit: usize,
        task: &mut Context<'_>,
    ) -> Poll<Result<Vec<u8>, Result<(), StreamError>>> {
        if let Some(item) = sent.next.take() {
            return Poll::Ready(Ok(item));
        }
        let item = match ready!(self.receiver.0.poll_next(task, true)) {
            Some(Next::Item(item)) => item,
            Some(Next::End(end)) => return Poll::Ready(Err(end)),
            None => return Poll::Ready(Err(Err(StreamError::Forgotten))),
        };
        let mut bytes = Vec::new();
        let written = put_within(limit, &mut bytes, &mut |out| self.coding.put(&item, out));
        // Apart: where both panic, the second would end the process.
        discard(item);
        let too_large = || LostReason::ReplyTooLarge { size: limit as u64 + 1, limit: limit as u64 }.to_string();
        Poll::Ready(match written {
            Ok(()) if bytes.len() <= limit => Ok(bytes),
            Ok(()) | Err(Unwritten::TooLarge) => Err(Err(StreamError::Undecodable(too_large()))),
            Err(Unwritten::Refused(error)) => Err(Err(StreamError::Undecodable(error.to_string()))),
            Err(Unwritten::Panicked) => Err(Err(StreamError::Undecodable("writing it panicked".into()))),
        })
    }
}

impl<T: Send> Pull for Lent<T> {
    fn poll_batch(&self, ask: Ask, task: &mut Context<'_>) -> Poll<Items> {
        let mut sent = lock(&self.sent);
        // One for nothing may have been given up for another, which came first. Nobody hears what becomes of it.
        if ask.room == 0 && (ask.from != sent.count || ask.used < sent.used) {
            return Poll::Ready(Items::default());
        }
        if ask.from != sent.count || ask.used > ask.from {
            return Poll::Ready(Items::failed(StreamError::Lost("a part of it has not arrived".into())));
        }
        sent.used = ask.used;
        let given = sent.count + u64::from(sent.next.is_some());
        self.receiver.0.set_away(usize::try_from(given - ask.used).unwrap_or(usize::MAX));
        let mut batch = Items::default();
        if ask.room == 0 {
            ready!(self.receiver.0.poll_ended(task));
            // The end itself is for an ask that is not given up.
            return Poll::Ready(Items { over: true, ..batch });
        }
        let enough = usize::try_from(ask.bytes).unwrap_or(ENOUGH).min(ENOUGH);
        // Readers ask for half of what a message may have, and a single item may have more.
        let limit = usize::try_from(ask.bytes).unwrap_or(usize::MAX).saturating_mul(2);
        while batch.count < ask.room && (batch.count == 0 || batch.bytes.len() < enough) {
            match self.poll_item(&mut sent, limit, task) {
                Poll::Ready(Ok(item)) if batch.count > 0 && batch.bytes.len() + item.len() > enough => {
                    sent.next = Some(item);
                    break;
                }
                Poll::Ready(Ok(item)) => {
                    batch.bytes.extend_from_slice(&item);
                    batch.count += 1;
                }
                Poll::Ready(Err(end)) => {
                    batch.end = Some(end);
                    break;
                }
                Poll::Pending if batch.count == 0 => return Poll::Pending,
                Poll::Pending => break,
            }
        }
        sent.count += u64::from(batch.count);
        // With the last item: that saves a question.
        if batch.end.is_none() && sent.next.is_none() {
            batch.end = self.receiver.0.take_end();
        }
        batch.over = self.receiver.0.has_ended();
        Poll::Ready(batch)
    }

    fn end(&self, why: StreamError) {
        self.receiver.0.end(Err(why));
    }

    fn close(&self) {
        self.receiver.0.leave();
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, task::Waker};

    use super::{super::channel::Channel, *};
    use crate::message::{
        codecs::{Codec, coding_by},
        format::CodecError,
    };

    struct Text;

    impl Codec<String> for Text {
        const NAME: &'static str = "text";
        fn encode(value: &String, out: &mut Vec<u8>) -> Result<(), CodecError> {
            assert!(value != "panic", "on purpose");
            out.extend_from_slice(value.as_bytes());
            Ok(())
        }
        fn decode(bytes: &[u8]) -> Result<String, CodecError> {
            String::from_utf8(bytes.to_vec()).map_err(CodecError::new)
        }
    }

    fn coding() -> Coding<String> {
        coding_by::<Text, String>(|_| crate::message::schema::Shape::name_of::<String>())
    }

    fn lent(items: &[&str]) -> (Arc<Channel<String>>, Lent<String>) {
        let channel = Channel::new(items.len());
        items.iter().for_each(|item| channel.push((*item).into()).unwrap());
        (Arc::clone(&channel), Lent::new(Receiver(channel), coding()))
    }

    fn ask(lent: &Lent<String>, ask: Ask) -> Poll<Items> {
        lent.poll_batch(ask, &mut Context::from_waker(Waker::noop()))
    }

    fn read(batch: &Items) -> Vec<String> {
        let mut bytes = &*batch.bytes;
        (0..batch.count).map(|_| coding().take(&mut bytes).unwrap()).collect()
    }

    #[test]
    fn batches_keep_the_order_and_the_bounds_and_what_is_larger_stands_alone() {
        let (channel, lent) = lent(&["a", "b", "a much longer one", "c", "d"]);
        let mut all = Vec::new();
        let mut sizes = Vec::new();
        while all.len() < 5 {
            let from = all.len() as u64;
            let Poll::Ready(batch) = ask(&lent, Ask { from, used: from, room: 5, bytes: 12 }) else {
                panic!("they are there")
            };
            sizes.push(batch.count);
            all.extend(read(&batch));
        }
        assert_eq!((all.join(" ").as_str(), &*sizes), ("a b a much longer one c d", &[2, 1, 2][..]));
        let last = Ask { from: 5, used: 5, room: 5, bytes: 12 };
        assert!(ask(&lent, last).is_pending());
        channel.end(Ok(()));
        assert_eq!(ask(&lent, last), Poll::Ready(Items { end: Some(Ok(())), over: true, ..Items::default() }));
    }

    #[test]
    fn items_that_are_away_count_until_they_are_used_and_a_gap_ends_the_stream() {
        let (channel, lent) = lent(&["a", "b"]);
        assert!(ask(&lent, Ask { from: 0, used: 0, room: 2, bytes: 99 }).is_ready());
        assert!(channel.push("c".into()).is_err());
        assert!(ask(&lent, Ask { from: 2, used: 1, room: 1, bytes: 99 }).is_pending());
        channel.push("c".into()).unwrap();
        assert!(channel.push("d".into()).is_err());
        let Poll::Ready(batch) = ask(&lent, Ask { from: 1, used: 1, room: 1, bytes: 99 }) else { panic!("an answer") };
        assert!(matches!(batch.end, Some(Err(StreamError::Lost(_)))));
    }

    #[test]
    fn an_ask_for_nothing_takes_nothing_and_spoils_nothing_for_the_one_that_takes_its_place() {
        let (channel, lent) = lent(&["a", "b"]);
        let idle = Ask { from: 0, used: 0, room: 0, bytes: 99 };
        assert!(ask(&lent, idle).is_pending());
        let Poll::Ready(batch) = ask(&lent, Ask { from: 0, used: 0, room: 1, bytes: 99 }) else { panic!("an item") };
        assert_eq!(read(&batch), ["a"]);
        assert_eq!(ask(&lent, idle), Poll::Ready(Items::default()), "it looks once more");
        channel.end(Ok(()));
        let over = Items { over: true, ..Items::default() };
        assert_eq!(ask(&lent, Ask { from: 1, used: 1, room: 0, bytes: 99 }), Poll::Ready(over), "with an item left");
        let Poll::Ready(batch) = ask(&lent, Ask { from: 1, used: 1, room: 1, bytes: 99 }) else { panic!("an item") };
        assert_eq!((read(&batch).as_slice(), batch.end), (&["b".to_owned()][..], Some(Ok(()))));
    }

    #[test]
    fn an_end_of_a_later_release_spoils_nothing_of_what_comes_with_it() {
        let items = Items { count: 2, bytes: vec![1, 2], end: Some(Err(StreamError::NodeClosed)), over: true };
        let mut bytes = postcard::to_stdvec(&items).unwrap();
        assert_eq!(postcard::from_bytes::<Items>(&bytes), Ok(items));
        let variant = bytes.len() - 2;
        bytes[variant] = 99;
        let read = postcard::from_bytes::<Items>(&bytes).unwrap();
        assert!(read.count == 2 && matches!(read.end, Some(Err(StreamError::Lost(_)))), "{read:?}");
    }

    #[test]
    fn the_end_is_not_told_to_an_ask_for_nothing() {
        let (channel, lent) = lent(&[]);
        channel.end(Ok(()));
        let idle = Ask { from: 0, used: 0, room: 0, bytes: 99 };
        for _ in 0..2 {
            assert_eq!(ask(&lent, idle), Poll::Ready(Items { over: true, ..Items::default() }));
        }
        let end = Items { end: Some(Ok(())), over: true, ..Items::default() };
        assert_eq!(ask(&lent, Ask { room: 1, ..idle }), Poll::Ready(end));
    }

    #[test]
    fn an_item_that_no_message_has_room_for_is_not_written_to_its_end() {
        let (_, lent) = lent(&["a", "as long as it may", "longer than it may be, and by more than a little"]);
        let all = Ask { from: 0, used: 0, room: 3, bytes: 12 };
        let Poll::Ready(batch) = ask(&lent, all) else { panic!("an answer") };
        assert_eq!(read(&batch), ["a"]);
        let Poll::Ready(batch) = ask(&lent, Ask { from: 1, ..all }) else { panic!("an answer") };
        assert_eq!(read(&batch), ["as long as it may"]);
        let Poll::Ready(batch) = ask(&lent, Ask { from: 2, ..all }) else { panic!("an answer") };
        assert_eq!(batch.count, 0);
        assert!(
            matches!(&batch.end, Some(Err(StreamError::Undecodable(why))) if why.contains("25 bytes")),
            "{:?}",
            batch.end
        );
    }

    #[test]
    fn an_item_that_cannot_be_written_ends_the_stream_after_those_before_it() {
        let (_, lent) = lent(&["a", "panic", "b"]);
        let Poll::Ready(batch) = ask(&lent, Ask { from: 0, used: 0, room: 3, bytes: 99 }) else { panic!("an answer") };
        assert_eq!(read(&batch), ["a"]);
        assert!(matches!(batch.end, Some(Err(StreamError::Undecodable(_)))), "{:?}", batch.end);
    }
}
