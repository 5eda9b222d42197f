//! What a record says of calls.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::{
    id::{CallId, Serial},
    message::{CodecError, Stored, append, whole},
};

/// No group numbers so many calls, or callers: what says so is wrong.
pub(super) const MOST_NUMBERS: u64 = 1 << 62;

/// What is said of a call, each time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct About {
    pub(crate) id: CallId,
    /// The lowest that its caller may still ask for.
    pub(crate) lowest: Serial,
    /// A hash of what was called, to tell a repetition from another call with its id; 0 where the runtime gives the ids.
    pub(crate) asked: u64,
    /// When the master said so, in milliseconds since 1970: by this the log counts time.
    pub(crate) at: u64,
    /// For so many milliseconds it is remembered.
    pub(crate) keep: u64,
}

/// A part of a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Note {
    /// The entries of the record are the call's, or its reply comes later: its outcome follows.
    Begun(About),
    /// What its handler came to. The entries of the record, if it has any, are the call's too.
    Ended(About, Stored),
    /// It has done nothing, and is never to do anything.
    Void(About),
    /// A call that the group owes to another service from now on, and a hash of whom it is for: whoever cannot read the call knows that.
    Owes {
        lane: u64,
        #[serde(with = "whole")]
        call: Bytes,
    },
    /// The one of this number has been answered.
    Paid { lane: u64, number: u64 },
}

impl Note {
    /// Its bytes.
    ///
    /// # Errors
    /// Only for a mistake in Ember.
    pub(crate) fn written(&self) -> Result<Bytes, CodecError> {
        let mut out = Vec::new();
        append(self, &mut out).map_err(CodecError::new)?;
        Ok(out.into())
    }

    /// All that a record has, which were written one after the other.
    ///
    /// # Errors
    /// They are no notes, or those of another build.
    pub(crate) fn read(mut bytes: &[u8]) -> Result<Vec<Self>, CodecError> {
        let mut found = Vec::new();
        while !bytes.is_empty() {
            let (note, rest) = postcard::take_from_bytes(bytes).map_err(|error| {
                CodecError::new(format_args!("what a record says of calls cannot be read: {error}"))
            })?;
            found.push(note);
            bytes = rest;
        }
        Ok(found)
    }
}
