//! Records in a frame: see the table in this room's documentation.

use std::ops::Range;

use bytes::Bytes;

pub(crate) const CALL: u8 = 1;
pub(crate) const SEND: u8 = 2;
pub(crate) const VALUE: u8 = 3;
pub(crate) const APP: u8 = 4;
pub(crate) const FAILURE: u8 = 5;
pub(crate) const CANCEL: u8 = 6;
/// A piece of a call or of a one-way call.
pub(crate) const CALL_PIECE: u8 = 7;
/// A piece of a reply.
pub(crate) const REPLY_PIECE: u8 = 8;
pub(crate) const CLOCK: u8 = 9;
/// Kinds from here on are of later releases, and may be skipped by whoever does not know them. Others end the link.
const SKIPPED: u8 = 64;

/// The bytes before the part that depends on the kind.
pub(crate) const PREFIX: usize = 5;
/// The bytes of a correlation id.
const CORRELATION: usize = 8;

/// Names one call of one link incarnation. Never 0 as a number: that stands for a one-way call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Correlation {
    pub(crate) index: u32,
    /// Never 0.
    pub(crate) generation: u32,
}

impl Correlation {
    #[inline]
    pub(crate) fn number(self) -> u64 {
        u64::from(self.generation) << 32 | u64::from(self.index)
    }

    /// `None` for the number of one-way calls.
    #[inline]
    pub(crate) fn of(number: u64) -> Option<Self> {
        let (index, generation) = (number as u32, (number >> 32) as u32);
        (generation != 0).then_some(Self { index, generation })
    }

    #[inline]
    pub(crate) fn put(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.number().to_le_bytes());
    }

    /// Reads the one that `bytes` start with.
    #[inline]
    fn get(bytes: &[u8]) -> Result<Self, Malformed> {
        let number = bytes.first_chunk().ok_or(Malformed("an unreadable correlation id"))?;
        Self::of(u64::from_le_bytes(*number)).ok_or(Malformed("a correlation id of generation 0"))
    }
}

/// Begins a record at the end of `out`; returns where it starts.
#[inline]
pub(crate) fn open(kind: u8, out: &mut Vec<u8>) -> usize {
    let start = out.len();
    out.extend_from_slice(&[0, 0, 0, 0, kind]);
    start
}

/// Ends the record that starts at `start`; returns its size, or the size that is too much for its length field.
#[inline]
pub(crate) fn seal(start: usize, out: &mut [u8]) -> usize {
    let size = out.len() - start;
    let length = u32::try_from(size - 4).unwrap_or(u32::MAX);
    out[start..start + 4].copy_from_slice(&length.to_le_bytes());
    size
}

/// Leaves room for the correlation at the begin of the body of a record that is not named yet.
#[inline]
pub(crate) fn unnamed(record: &mut Vec<u8>) {
    record.extend_from_slice(&[0; CORRELATION]);
}

/// Names a record that was left [`unnamed`].
#[inline]
pub(crate) fn name(call: Correlation, record: &mut [u8]) {
    record[PREFIX..PREFIX + CORRELATION].copy_from_slice(&call.number().to_le_bytes());
}

/// Appends the cancel of a call.
pub(crate) fn put_cancel(call: Correlation, out: &mut Vec<u8>) {
    let start = open(CANCEL, out);
    call.put(out);
    seal(start, out);
}

/// The size of the record that `bytes` start with; `None` if they are too few to tell.
#[inline]
pub(crate) fn size_of(bytes: &[u8], limit: usize) -> Result<Option<usize>, Malformed> {
    let Some(&length) = bytes.first_chunk() else { return Ok(None) };
    match u32::from_le_bytes(length) as usize + 4 {
        ..PREFIX => Err(Malformed("an empty record")),
        size if size > limit => Err(Malformed("a record over the size limit")),
        size => Ok(Some(size)),
    }
}

/// Ends the record at the end of `out`, whose last `more` bytes come from elsewhere.
pub(crate) fn seal_before(start: usize, out: &mut [u8], more: usize) {
    let length = u32::try_from(out.len() + more - start - 4).unwrap_or(u32::MAX);
    out[start..start + 4].copy_from_slice(&length.to_le_bytes());
}

/// The kind of the record that `bytes` start with, and how much follows after its [`PREFIX`], if it is a piece of another.
pub(crate) fn piece(bytes: &[u8], limit: usize) -> Result<Option<(u8, usize)>, Malformed> {
    let Some(&kind @ (CALL_PIECE | REPLY_PIECE)) = bytes.get(PREFIX - 1) else { return Ok(None) };
    Ok(size_of(bytes, limit)?.map(|size| (kind, size - PREFIX)))
}

/// Makes room for `coming` bytes of a record that will have `size` if its sender keeps its word: twice as much as there is, and
/// never more than the record. What is only announced takes no memory.
pub(crate) fn make_room(buffer: &mut Vec<u8>, coming: usize, size: usize) {
    let len = buffer.len() + coming;
    if len > buffer.capacity() {
        let room = (2 * buffer.len()).min(size).max(len);
        buffer.reserve_exact(room - buffer.len());
    }
}

/// The size and the kind of the record that `bytes`, which this node has written, start with.
#[inline]
pub(crate) fn peek(bytes: &[u8]) -> (usize, u8) {
    let length = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    (length as usize + 4, bytes[4])
}

/// A frame that cannot be read on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the peer sent a malformed frame: {0}")]
pub(crate) struct Malformed(&'static str);

impl Malformed {
    pub(crate) const SLOT: Self = Self("a correlation id out of range, or in use");
    pub(crate) const CREDIT: Self = Self("more calls than it has credit for");
    pub(crate) const CUT: Self = Self("a record longer than its frame");
    pub(crate) const FRAME: Self = Self("a frame that is not one of the link protocol");
    pub(crate) const PIECES: Self = Self("pieces that are no message");
    pub(crate) const CLOCK: Self = Self("a clock that is not one");
}

/// One record; ranges are positions in the frame.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Record {
    Call {
        correlation: Option<Correlation>,
        body: Range<usize>,
        size: usize,
    },
    Reply {
        correlation: Correlation,
        kind: u8,
        body: Range<usize>,
    },
    Cancel(Correlation),
    /// A piece of a record; `kind` is that of the piece.
    Piece {
        kind: u8,
        body: Range<usize>,
    },
    /// The sender's clock, in microseconds.
    Clock(u64),
    /// Of a later release, which does without an answer to it.
    Skipped,
}

/// The records of `frame`, none larger than `limit`. Ends after the first error.
pub(crate) fn records(frame: &Bytes, limit: usize) -> impl Iterator<Item = Result<Record, Malformed>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        if at == frame.len() {
            return None;
        }
        let next = record(frame, at, limit);
        at = next.as_ref().map_or(frame.len(), |(_, end)| *end);
        Some(next.map(|(record, _)| record))
    })
}

#[inline]
fn record(frame: &Bytes, at: usize, limit: usize) -> Result<(Record, usize), Malformed> {
    let rest = &frame[at..];
    let size = size_of(rest, limit)?.filter(|size| *size <= rest.len()).ok_or(Malformed::CUT)?;
    let kind = rest[4];
    let end = at + size;
    let body = at + PREFIX..end;
    let named = || Correlation::get(&frame[body.clone()]).map(|name| (name, body.start + CORRELATION..end));
    let record = match kind {
        SEND => Record::Call { correlation: None, body, size },
        CALL => {
            let (correlation, body) = named()?;
            Record::Call { correlation: Some(correlation), body, size }
        }
        VALUE | APP | FAILURE => {
            let (correlation, body) = named()?;
            Record::Reply { correlation, kind, body }
        }
        CANCEL => Record::Cancel(named()?.0),
        CALL_PIECE | REPLY_PIECE => Record::Piece { kind, body },
        CLOCK => Record::Clock(u64::from_le_bytes(frame[body].try_into().map_err(|_| Malformed::CLOCK)?)),
        SKIPPED.. => Record::Skipped,
        _ => return Err(Malformed("a record of unknown kind")),
    };
    Ok((record, end))
}
