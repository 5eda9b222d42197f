//! Streams: calls with many replies. What both ends share, and what travels of one. Who asks whom over a link stands elsewhere: here
//! it is a [`Desk`].

mod channel;
mod coding;
mod desk;
mod error;
mod feed;
mod held;
mod lent;
mod life;
mod sender;
mod streaming;

pub use self::{
    coding::{StreamOf, stream_coding, stream_shape},
    desk::Station,
    error::{StreamError, Unsent},
    sender::StreamSender,
    streaming::Streaming,
};
pub(crate) use self::{
    desk::{Desk, Source},
    lent::{Ask, Items, Pull, Ticket},
    life::StreamsOfLife,
    sender::Holds,
    streaming::streaming,
};
