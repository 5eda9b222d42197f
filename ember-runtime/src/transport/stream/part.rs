//! Parts of the bytes at hand that somebody keeps.

use std::ops::Range;

use bytes::Bytes;

use crate::message::Payload;

/// A small part of more bytes than this is copied, so that a waiting call does not keep all of them.
const SHARE: usize = 64 << 10;

/// A part of bytes that is kept as long as somebody wants it.
#[inline]
pub(crate) fn share(bytes: &Bytes, range: Range<usize>) -> Payload {
    Payload::few(&bytes[range.clone()]).unwrap_or_else(|| part(bytes, range).into())
}

pub(crate) fn part(bytes: &Bytes, range: Range<usize>) -> Bytes {
    if bytes.len() > SHARE && range.len() < bytes.len() / 4 {
        Bytes::copy_from_slice(&bytes[range])
    } else {
        bytes.slice(range)
    }
}
