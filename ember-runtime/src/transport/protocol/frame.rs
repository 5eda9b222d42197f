//! Frames of the data stream: gRPC messages of the type `Frame`, written and read by hand. A generated codec would copy each frame
//! into a buffer of its own, and each one that arrives once more.

use bytes::{Buf, Bytes};

use super::wire::{self, Malformed};

/// What comes before the records of a frame: a byte for "not compressed" and the length of the message, big-endian; then
/// the tag of the field `data`, and its length as a `varint` of always four bytes.
pub(crate) const HEAD: usize = 10;
/// The tag of the field 1 with a length.
const TAG: u8 = 0x0a;
/// gRPC's part of the head.
const PREFIX: usize = 5;
/// A `varint` of a `u32` is no longer than this.
const MAX_VARINT: usize = 5;

/// The head of a frame with `size` bytes of records, at most 256 MiB.
pub(crate) fn head(size: usize) -> [u8; HEAD] {
    let message = (size + HEAD - PREFIX) as u32;
    let [a, b, c, d] = message.to_be_bytes();
    let part = |shift: usize| (size >> shift) as u8 & 0x7f;
    [0, a, b, c, d, TAG, part(0) | 0x80, part(7) | 0x80, part(14) | 0x80, part(21)]
}

/// Reads a stream of frames from the chunks in which it arrives.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    /// Of the head that is being read.
    head: Vec<u8>,
    /// Bytes of the current frame that are still to come.
    left: usize,
    /// A record of which the end is still to come.
    partial: Vec<u8>,
    /// The kind of a piece whose beginning has been handed out, and how much of it is still to come.
    piece: Option<(u8, usize)>,
}

/// What has been read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Whole records.
    Records(Bytes),
    /// Of a piece of a large record, as it lies in the chunk: it goes where the record is put together.
    OfPiece { kind: u8, bytes: Bytes, ends: bool },
}

impl Frames {
    /// Takes what has arrived, and hands records, none larger than `limit`, to `take`.
    pub(crate) fn read(
        &mut self,
        mut chunk: Bytes,
        limit: usize,
        mut take: impl FnMut(Part) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        while !chunk.is_empty() {
            if self.left == 0 {
                self.read_head(&mut chunk)?;
                continue;
            }
            let mut part = chunk.split_to(self.left.min(chunk.len()));
            self.left -= part.len();
            if !self.partial.is_empty() {
                if !self.complete(&mut part, limit)? {
                    continue;
                }
                if self.piece.is_none() {
                    take(Part::Records(std::mem::take(&mut self.partial).into()))?;
                }
            }
            if let Some(piece) = self.piece.take() {
                self.go_on(piece, &mut part, &mut take)?;
            }
            let whole = whole_records(&part, limit)?;
            let mut rest = part.split_off(whole);
            if !part.is_empty() {
                take(Part::Records(part))?;
            }
            match wire::piece(&rest, limit)? {
                Some(piece) => {
                    rest.advance(wire::PREFIX);
                    self.go_on(piece, &mut rest, &mut take)?;
                }
                None => self.partial.extend_from_slice(&rest),
            }
            if self.left == 0 && (!self.partial.is_empty() || self.piece.is_some()) {
                return Err(Malformed::CUT);
            }
        }
        Ok(())
    }

    /// Hands out what has come of a piece.
    fn go_on(
        &mut self,
        (kind, left): (u8, usize),
        from: &mut Bytes,
        take: &mut impl FnMut(Part) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        let bytes = from.split_to(left.min(from.len()));
        let left = left - bytes.len();
        self.piece = (left > 0).then_some((kind, left));
        if bytes.is_empty() && left > 0 { Ok(()) } else { take(Part::OfPiece { kind, bytes, ends: left == 0 }) }
    }

    fn read_head(&mut self, chunk: &mut Bytes) -> Result<(), Malformed> {
        // As a rule it is there as a whole, and written as this node would write it.
        if self.head.is_empty()
            && let Some((start, _)) = chunk.split_first_chunk::<HEAD>()
        {
            let message = u32::from_be_bytes([start[1], start[2], start[3], start[4]]) as usize;
            let size = message.saturating_sub(HEAD - PREFIX);
            if size > 0 && *start == head(size) {
                self.left = size;
                chunk.advance(HEAD);
                return Ok(());
            }
        }
        while !chunk.is_empty() {
            self.head.extend_from_slice(&chunk.split_to(1));
            if let Some(left) = parse(&self.head)? {
                self.head.clear();
                self.left = left;
                return Ok(());
            }
        }
        Ok(())
    }

    /// Adds to the record that has begun. Whether it is whole now, or is seen to be a piece.
    fn complete(&mut self, part: &mut Bytes, limit: usize) -> Result<bool, Malformed> {
        loop {
            let size = wire::size_of(&self.partial, limit)?;
            let wanted = size.filter(|_| self.partial.len() >= wire::PREFIX).unwrap_or(wire::PREFIX);
            let missing = wanted.saturating_sub(self.partial.len()).min(part.len());
            wire::make_room(&mut self.partial, missing, wanted);
            self.partial.extend_from_slice(&part.split_to(missing));
            self.piece = wire::piece(&self.partial, limit)?;
            if self.piece.is_some() {
                self.partial.clear();
                return Ok(true);
            }
            if self.partial.len() >= wire::PREFIX && wire::size_of(&self.partial, limit)? == Some(self.partial.len()) {
                return Ok(true);
            }
            if part.is_empty() {
                return if self.left == 0 { Err(Malformed::CUT) } else { Ok(false) };
            }
        }
    }
}

/// How many bytes of `part` are whole records.
fn whole_records(part: &[u8], limit: usize) -> Result<usize, Malformed> {
    let mut end = 0;
    while let Some(size) = wire::size_of(&part[end..], limit)? {
        if size > part.len() - end {
            break;
        }
        end += size;
    }
    Ok(end)
}

/// The size of the records of the frame whose head is `head`; `None` if it is not whole yet.
fn parse(head: &[u8]) -> Result<Option<usize>, Malformed> {
    let Some((&[compressed, a, b, c, d], rest)) = head.split_first_chunk::<PREFIX>() else { return Ok(None) };
    let message = u32::from_be_bytes([a, b, c, d]) as usize;
    if compressed != 0 {
        return Err(Malformed::FRAME);
    }
    if message == 0 {
        return Ok(Some(0));
    }
    let Some((&tag, varint)) = rest.split_first() else { return Ok(None) };
    if tag != TAG || varint.len() > MAX_VARINT {
        return Err(Malformed::FRAME);
    }
    match varint.last() {
        None => return Ok(None),
        Some(last) if last & 0x80 != 0 => {
            return if varint.len() < MAX_VARINT { Ok(None) } else { Err(Malformed::FRAME) };
        }
        Some(_) => {}
    }
    let size = varint.iter().rev().fold(0_usize, |size, byte| size << 7 | usize::from(byte & 0x7f));
    if size + 1 + varint.len() == message { Ok(Some(size)) } else { Err(Malformed::FRAME) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(size: usize) -> Vec<u8> {
        let mut out = Vec::new();
        let start = wire::open(wire::SEND, &mut out);
        out.resize(size, 7);
        wire::seal(start, &mut out);
        out
    }

    fn frame(records: &[u8]) -> Vec<u8> {
        [&head(records.len())[..], records].concat()
    }

    #[test]
    fn the_head_is_what_protobuf_and_grpc_expect() {
        for size in [1, 127, 128, 300_000, 16 << 20] {
            let head = head(size);
            let data: Bytes = vec![1; size].into();
            let message = super::super::generated::link_v1::Frame { data };
            let bytes = [&head[PREFIX..], &message.data[..]].concat();
            assert_eq!(u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize, bytes.len());
            assert_eq!(<super::super::generated::link_v1::Frame as prost::Message>::decode(&bytes[..]), Ok(message));
        }
    }

    #[test]
    fn records_are_found_wherever_the_stream_is_cut() {
        let records: Vec<_> = [5, 9, 300, 5, 40].map(record).into();
        let stream = [frame(&records[..3].concat()), frame(&[]), frame(&records[3..].concat())].concat();
        let whole = records.concat();
        for step in 1..stream.len() {
            let (mut frames, mut read) = (Frames::default(), Vec::new());
            for chunk in stream.chunks(step) {
                let take = |part| {
                    let Part::Records(records) = part else { panic!("{part:?}") };
                    assert_eq!(whole_records(&records, 300), Ok(records.len()));
                    read.extend_from_slice(&records);
                    Ok(())
                };
                frames.read(Bytes::copy_from_slice(chunk), 300, take).unwrap();
            }
            assert!(read == whole, "in steps of {step}");
        }
    }

    #[test]
    fn a_piece_is_handed_out_as_it_comes_and_lies_where_it_lay() {
        let piece = |size: usize| {
            let mut out = record(size);
            out[wire::PREFIX - 1] = wire::CALL_PIECE;
            out
        };
        let (small, large) = (record(9), piece(200));
        let stream = [frame(&[&small[..], &large, &small, &piece(wire::PREFIX)].concat()), frame(&piece(40))].concat();
        for step in 1..=stream.len() {
            let (mut frames, mut records, mut pieces, mut body) = (Frames::default(), 0, vec![], 0);
            for chunk in stream.chunks(step).map(Bytes::copy_from_slice) {
                let within = chunk.as_ptr_range();
                let take = |part| {
                    match part {
                        // Those that are whole are found where the others are.
                        Part::Records(bytes) => {
                            let all = wire::records(&bytes, 300).map(Result::unwrap);
                            all.for_each(|record| match record {
                                wire::Record::Piece { body, .. } => pieces.push(body.len()),
                                _ => records += 1,
                            });
                        }
                        Part::OfPiece { kind, bytes, ends } => {
                            assert_eq!(kind, wire::CALL_PIECE);
                            assert!(bytes.is_empty() || within.contains(&bytes.as_ptr()), "it was copied");
                            body += bytes.len();
                            if ends {
                                pieces.push(std::mem::take(&mut body));
                            }
                        }
                    }
                    Ok(())
                };
                frames.read(chunk.clone(), 300, take).unwrap();
            }
            assert_eq!((records, body, pieces), (2, 0, vec![195, 0, 35]), "in steps of {step}");
        }
    }

    #[test]
    fn what_is_no_frame_is_refused_wherever_it_is_cut() {
        let mut long = frame(&record(300));
        long[HEAD] += 1;
        let mut compressed = frame(&record(9));
        compressed[0] = 1;
        let mut other_field = frame(&record(9));
        other_field[PREFIX] = 0x12;
        let mut too_short = frame(&record(9));
        too_short[4] -= 1;
        let empty = frame(&[0, 0, 0, 0]);
        let cut = frame(&record(9)[..8]);
        let mut piece = record(20);
        piece[wire::PREFIX - 1] = wire::REPLY_PIECE;
        let cut_pieces = [5, 6, 19].map(|size| frame(&piece[..size]));
        let mut too_long = record(301);
        too_long[wire::PREFIX - 1] = wire::CALL_PIECE;
        let streams = [long, compressed, other_field, too_short, empty, cut, frame(&record(301)), frame(&too_long)];
        for stream in streams.into_iter().chain(cut_pieces) {
            for step in 1..=stream.len() {
                let mut frames = Frames::default();
                let mut read =
                    stream.chunks(step).map(|chunk| frames.read(Bytes::copy_from_slice(chunk), 300, |_| Ok(())));
                assert!(read.any(|read| read.is_err()), "{stream:?} in steps of {step}");
            }
        }
    }
}
