//! A reply that can be given again.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::raw::{RawReply, ReplyBody};
use crate::{
    error::LostReason,
    message::format::{CodecError, Encode, Unwritten, put_within},
};

/// No reply has more bytes.
const LARGEST: usize = 16 << 20;

/// What became of a call that may have been run: the bytes of its value or of its error, or why there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Stored {
    Value(#[serde(with = "super::whole")] Bytes),
    App(#[serde(with = "super::whole")] Bytes),
    Lost(LostReason),
}

impl Stored {
    /// The bytes that it takes.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Value(bytes) | Self::App(bytes) => bytes.len(),
            Self::Lost(LostReason::Panicked(text) | LostReason::Undecodable(text)) => text.len(),
            Self::Lost(_) => 0,
        }
    }

    /// Tells it to somebody who waits.
    pub(crate) fn tell(&self, reply: RawReply<'_>) {
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

    /// A value, which this writes.
    pub(crate) fn of_value(put: Encode<'_>) -> Self {
        Self::written(put, LARGEST).map_or_else(Self::Lost, Self::Value)
    }

    /// The error of a method, which this writes.
    pub(crate) fn of_error(put: Encode<'_>) -> Self {
        Self::written(put, LARGEST).map_or_else(Self::Lost, Self::App)
    }

    /// The bytes of a reply, `limit` at most. Code of the user's runs: nothing is locked.
    ///
    /// # Errors
    /// There are none.
    fn written(put: Encode<'_>, limit: usize) -> Result<Bytes, LostReason> {
        let mut out = Vec::new();
        match put_within(limit, &mut out, put) {
            // What is stored is what is counted.
            Ok(()) if out.len() <= limit => Ok(out.into_boxed_slice().into()),
            Ok(()) | Err(Unwritten::TooLarge) => {
                Err(LostReason::ReplyTooLarge { size: limit as u64 + 1, limit: limit as u64 })
            }
            Err(Unwritten::Panicked) => Err(LostReason::Undecodable("writing the reply panicked".into())),
            Err(Unwritten::Refused(error)) => Err(LostReason::Undecodable(error.to_string())),
        }
    }
}
