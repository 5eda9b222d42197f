//! How changes stand in a file.
//!
//! Each is a [frame](crate::frames): eight bytes that say up to where the file was on the disk when this was written (little-endian), then an
//! [`Entry`], by postcard.

use std::io;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::change::Known;
use crate::{
    frames,
    message::{decode, encode, whole},
    replica::{Point, Record},
};

/// Of what stands in a file. Raised with each change of it.
pub(crate) const VERSION: u32 = 2;

/// Whose file it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Head {
    pub(crate) version: u32,
    /// Its group.
    pub(crate) group: String,
    /// Of its entries and its state.
    pub(crate) types: (u64, u64),
}

/// One entry of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Entry {
    Head(Head),
    /// A state of so many bytes follows, as it was at this point.
    Base(Point, u64),
    /// A part of it.
    Piece(#[serde(with = "whole")] Bytes),
    Knows(Known),
    Cut(u64),
    Record(u64, Record),
    /// Nothing: it only says up to where the file is on the disk.
    Synced,
}

/// Adds an entry to what is to be written to a file that is on the disk up to `synced`.
///
/// # Errors
/// It is too long.
pub(crate) fn add(out: &mut Vec<u8>, synced: u64, entry: &Entry) -> io::Result<()> {
    let mut outcome = Ok(());
    frames::add(out, |out| {
        out.extend(synced.to_le_bytes());
        outcome = encode(entry, out);
    })?;
    outcome.map_err(io::Error::other)
}

/// What a frame holds. `None`: no entry of this version.
pub(super) fn read(frame: &[u8]) -> Option<(u64, Entry)> {
    let (synced, entry) = frame.split_first_chunk()?;
    Some((u64::from_le_bytes(*synced), decode(entry).ok()?))
}
