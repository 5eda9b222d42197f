//! A reply that can be given again.

use bytes::Bytes;

use crate::{
    error::LostReason,
    message::{CodecError, RawReply, ReplyBody},
};

/// What became of a call that may have been run: the bytes of its value or of its error, or why there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stored {
    Value(Bytes),
    App(Bytes),
    Lost(LostReason),
}

impl Stored {
    /// The bytes that it takes.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Value(bytes) | Self::App(bytes) => bytes.len(),
            Self::Lost(LostReason::Panicked(text) | LostReason::Undecodable(text)) => text.len(),
            Self::Lost(_) => 0,
        }
    }

    /// Tells it to somebody who waits.
    pub(super) fn tell(&self, reply: RawReply<'_>) {
        let put = |bytes: &Bytes, out: &mut Vec<u8>| -> Result<(), CodecError> {
            out.extend_from_slice(bytes);
            Ok(())
        };
        match self {
            Self::Value(bytes) => reply.send(ReplyBody::Value(&mut |out| put(bytes, out))),
            Self::App(bytes) => reply.send(ReplyBody::App(&mut |out| put(bytes, out))),
            Self::Lost(reason) => reply.fail(reason.clone()),
        }
    }
}
