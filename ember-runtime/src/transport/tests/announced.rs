//! What a peer announces takes no memory before it is there.

use bytes::Bytes;

use crate::{
    rng::Rng,
    transport::{
        protocol::{Frames, Malformed, Part, Record, frame, wire},
        stream::Assembly,
    },
};

const LIMIT: usize = 16 << 20;
/// What reading takes whatever comes: the head of a frame, and the first room of a buffer.
const SOME: u64 = 4 << 10;

/// A record of this kind that says that it has `announced` bytes.
fn record(kind: u8, announced: usize, body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    wire::open(kind, &mut out);
    out[..4].copy_from_slice(&(announced as u32).to_le_bytes());
    out.extend_from_slice(body);
    out
}

fn frame(announced: usize, records: &[u8]) -> Vec<u8> {
    [&frame::head(announced)[..], records].concat()
}

/// Reads `chunks` as a link does, and gives the largest amount of memory that this took at a time.
fn most(chunks: &[Bytes]) -> u64 {
    // Copied beforehand: a copy takes memory too.
    let copies = chunks.to_vec();
    let mut taken = copies.into_iter();
    let info = allocation_counter::measure(|| {
        let (mut frames, mut calls, mut replies) = (Frames::default(), Assembly::default(), Assembly::default());
        let mut add = |kind, bytes: &[u8], ends| {
            let assembly = if kind == wire::CALL_PIECE { &mut calls } else { &mut replies };
            assembly.add(bytes, ends, LIMIT).map(drop)
        };
        let mut sort = |part| {
            let records = match part {
                Part::Records(records) => records,
                Part::OfPiece { kind, bytes, ends } => return add(kind, &bytes, ends),
            };
            for record in wire::records(&records, LIMIT) {
                if let Record::Piece { kind, body } = record? {
                    add(kind, &records[body], true)?;
                }
            }
            Ok::<_, Malformed>(())
        };
        let _malformed = taken.try_for_each(|chunk| frames.read(chunk, LIMIT, &mut sort));
    });
    info.bytes_max
}

#[test]
fn a_record_takes_as_much_memory_as_has_come() {
    let huge = LIMIT - 4;
    let piece = record(wire::CALL_PIECE, 21, &(huge as u32).to_le_bytes());
    let piece = [&piece[..], &[0; 16]].concat();
    for begun in [frame(LIMIT, &record(wire::SEND, huge, b"begun")), frame(piece.len(), &piece)] {
        for size in [1, 4, 1 << 20] {
            let chunks: Vec<_> = begun.chunks(size).map(Bytes::copy_from_slice).collect();
            let most = most(&chunks);
            assert!(most < SOME, "{most} bytes for {}, in chunks of {size}", begun.len());
        }
    }
}

#[test]
fn a_record_that_comes_whole_takes_no_more_than_twice_its_size() {
    let size = 1 << 20;
    let whole = record(wire::SEND, size - 4, &vec![7; size - wire::PREFIX]);
    for step in [1_000, 65_536] {
        let chunks: Vec<_> = frame(size, &whole).chunks(step).map(Bytes::copy_from_slice).collect();
        let most = most(&chunks);
        assert!(most >= size as u64 && most <= 2 * size as u64 + SOME, "{most} bytes for {size}");
    }
}

#[test]
fn no_stream_takes_much_more_memory_than_it_has_bytes() {
    let rng = Rng::from_seed(11);
    for _ in 0..20_000 {
        let mut stream = Vec::new();
        for _ in 0..=rng.below(4) {
            let mut records = Vec::new();
            for _ in 0..=rng.below(4) {
                let kind = [wire::SEND, wire::VALUE, wire::CALL_PIECE, wire::REPLY_PIECE][rng.below(4)];
                let size = [0, 9, 500][rng.below(3)] + rng.below(40);
                let mut body = vec![1; size];
                if let Some(length) = body.first_chunk_mut() {
                    *length = [(size - 4) as u32, 1 << 22, rng.u64() as u32][rng.below(3)].to_le_bytes();
                }
                let announced = [size + 1, size + 1, size + 1, 1 << 23][rng.below(4)];
                records.extend_from_slice(&record(kind, announced, &body));
            }
            stream.extend_from_slice(&frame([records.len(), records.len(), 1 << 24][rng.below(3)], &records));
        }
        let chunks: Vec<_> = stream.chunks(1 + rng.below(600)).map(Bytes::copy_from_slice).collect();
        let most = most(&chunks);
        assert!(most <= SOME + 3 * stream.len() as u64, "{most} bytes for {}", stream.len());
    }
}
