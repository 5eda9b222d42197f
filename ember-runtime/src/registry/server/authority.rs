//! Names of the server that are paths. Clients in Go send what they dialled, such as `unix://shop.sock` or
//! `/run/user/1000/ember/shop.sock`, as HTTP/2's `:authority`; etcd, in Go as well, does not look at it, but h2 refuses a
//! name with a `/` in it (RST_STREAM, PROTOCOL_ERROR). So what is no name is turned into one on its way to h2.
//!
//! Every character takes another one's place whose Huffman code is as long: lengths, and the compression's memory of earlier
//! headers, stay right without being known here.

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const FRAME_HEADER: usize = 9;
/// The largest frame that h2 takes, by default. Larger ones are its business.
const LARGEST: usize = 16_384;
const HEADERS: u8 = 1;
const END_HEADERS: u8 = 0x4;
const PADDED: u8 = 0x8;
const PRIORITY: u8 = 0x20;
/// The index of `:authority` in the table of header names.
const AUTHORITY: usize = 1;

/// What a client sends, frame by frame.
#[derive(Debug)]
pub(super) struct Authority {
    /// Held back until it is complete: the preface, the header of a frame, or a frame of headers.
    held: Vec<u8>,
    state: State,
}

#[derive(Debug, Clone, Copy)]
enum State {
    Preface,
    /// Of a frame.
    Header,
    /// So many bytes that are nothing to look at.
    Other(usize),
    /// A whole frame of headers, of so many bytes.
    Headers(usize),
    /// No HTTP/2.
    Foreign,
}

impl Authority {
    pub(super) fn new() -> Self {
        Self { held: Vec::new(), state: State::Preface }
    }

    /// Takes what has arrived, and appends to `out` what h2 may read.
    pub(super) fn pass(&mut self, mut arrived: &[u8], out: &mut Vec<u8>) {
        while !arrived.is_empty() {
            let wanted = match self.state {
                State::Foreign => arrived.len(),
                State::Other(left) => left,
                State::Preface => PREFACE.len() - self.held.len(),
                State::Header => FRAME_HEADER - self.held.len(),
                State::Headers(length) => length - self.held.len(),
            };
            let (taken, rest) = arrived.split_at(wanted.min(arrived.len()));
            arrived = rest;
            if let State::Foreign | State::Other(_) = self.state {
                out.extend_from_slice(taken);
            } else {
                self.held.extend_from_slice(taken);
            }
            self.state = self.advance(taken.len() == wanted, taken.len(), out);
        }
    }

    /// What is held at the end of the stream.
    pub(super) fn finish(&mut self, out: &mut Vec<u8>) {
        out.append(&mut self.held);
    }

    fn advance(&mut self, complete: bool, taken: usize, out: &mut Vec<u8>) -> State {
        match self.state {
            State::Other(left) if !complete => State::Other(left - taken),
            state if !complete => state,
            State::Foreign => State::Foreign,
            State::Other(_) => State::Header,
            State::Preface => {
                let known = self.held == PREFACE;
                out.append(&mut self.held);
                if known { State::Header } else { State::Foreign }
            }
            State::Header => {
                let length =
                    usize::from(self.held[0]) << 16 | usize::from(self.held[1]) << 8 | usize::from(self.held[2]);
                if self.held[3] == HEADERS && self.held[4] & END_HEADERS != 0 && (1..=LARGEST).contains(&length) {
                    return State::Headers(FRAME_HEADER + length);
                }
                out.append(&mut self.held);
                if length == 0 { State::Header } else { State::Other(length) }
            }
            State::Headers(_) => {
                // What cannot be read is h2's to judge.
                let _judged = tame_frame(&mut self.held);
                out.append(&mut self.held);
                State::Header
            }
        }
    }
}

fn tame_frame(frame: &mut [u8]) -> Option<()> {
    let flags = frame[4];
    let payload = &mut frame[FRAME_HEADER..];
    let (mut start, mut end) = (0, payload.len());
    if flags & PADDED != 0 {
        end = end.checked_sub(usize::from(*payload.first()?))?;
        start += 1;
    }
    if flags & PRIORITY != 0 {
        start += 5;
    }
    tame_block(payload.get_mut(start..end)?)
}

/// Walks over the headers of a block (RFC 7541, section 6).
fn tame_block(block: &mut [u8]) -> Option<()> {
    let mut at = 0;
    while at < block.len() {
        let first = block[at];
        let bits = match first {
            0x80.. => 7,
            0x40.. => 6,
            0x20.. => 5,
            _ => 4,
        };
        let name;
        (name, at) = integer(block, at, bits)?;
        if bits == 7 || bits == 5 {
            // A header from the table, or the size of the table.
            continue;
        }
        if name == 0 {
            at = string(block, at)?.1;
        }
        let (value, end) = string(block, at)?;
        if name == AUTHORITY {
            let coded = block[at] & 0x80 != 0;
            let value = &mut block[value..end];
            if coded { huffman::tame(value) } else { tame(value) }
        }
        at = end;
    }
    Some(())
}

/// A number whose first byte has `bits` bits of it, and where it ends.
fn integer(block: &[u8], at: usize, bits: u32) -> Option<(usize, usize)> {
    let most = (1 << bits) - 1;
    let mut number = usize::from(*block.get(at)?) & most;
    if number < most {
        return Some((number, at + 1));
    }
    for n in 0..4 {
        let byte = usize::from(*block.get(at + 1 + n)?);
        number += (byte & 0x7f) << (7 * n);
        if byte & 0x80 == 0 {
            return Some((number, at + 2 + n));
        }
    }
    None
}

/// Where the text at `at` starts, and where it ends.
fn string(block: &[u8], at: usize) -> Option<(usize, usize)> {
    let (length, start) = integer(block, at, 7)?;
    let end = start + length;
    (end <= block.len()).then_some((start, end))
}

fn tame(text: &mut [u8]) {
    if text.contains(&b'/') {
        for byte in text {
            match byte {
                b' ' | b'%' | b'/' => *byte = b'-',
                b':' => *byte = b'B',
                _ => {}
            }
        }
    }
}

/// Text as HTTP/2 compresses it (RFC 7541, appendix B).
mod huffman {
    /// The codes of one length are consecutive: (length, first, last). Longer ones are of no text.
    const CODES: [(usize, u32, u32); 10] = [
        (5, 0x0, 0x9),
        (6, 0x14, 0x2d),
        (7, 0x5c, 0x7b),
        (8, 0xf8, 0xfd),
        (10, 0x3f8, 0x3fc),
        (11, 0x7fa, 0x7fc),
        (12, 0xffa, 0xffb),
        (13, 0x1ff8, 0x1ffd),
        (14, 0x3ffc, 0x3ffd),
        (15, 0x7ffc, 0x7ffe),
    ];
    const SPACE: (usize, u32) = (6, 0x14);
    const PERCENT: (usize, u32) = (6, 0x15);
    const DASH: u32 = 0x16;
    const SLASH: (usize, u32) = (6, 0x18);
    const COLON: (usize, u32) = (7, 0x5c);
    const B: u32 = 0x5d;

    pub(super) fn tame(text: &mut [u8]) {
        if symbols(text).any(|(_, symbol)| symbol == SLASH) {
            for (at, symbol) in symbols(text).collect::<Vec<_>>() {
                match symbol {
                    SPACE | PERCENT | SLASH => write(text, at, 6, DASH),
                    COLON => write(text, at, 7, B),
                    _ => {}
                }
            }
        }
    }

    /// The code at each place: its length in bits, and itself.
    fn symbols(text: &[u8]) -> impl Iterator<Item = (usize, (usize, u32))> {
        let mut at = 0;
        std::iter::from_fn(move || {
            let found = CODES.iter().find_map(|(length, first, last)| {
                let code = read(text, at, *length)?;
                (*first..=*last).contains(&code).then_some((at, (*length, code)))
            })?;
            at += found.1.0;
            Some(found)
        })
    }

    fn read(text: &[u8], at: usize, length: usize) -> Option<u32> {
        (at..at + length).try_fold(0, |code, bit| {
            let byte = *text.get(bit / 8)?;
            Some(code << 1 | u32::from(byte >> (7 - bit % 8) & 1))
        })
    }

    fn write(text: &mut [u8], at: usize, length: usize, code: u32) {
        for n in 0..length {
            let (bit, mask) = (at + n, 1 << (7 - (at + n) % 8));
            if code >> (length - 1 - n) & 1 == 1 {
                text[bit / 8] |= mask;
            } else {
                text[bit / 8] &= !mask;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        [&length[1..], &[kind, flags, 0, 0, 0, 1], payload].concat()
    }

    fn headers(value: &[u8], coded: bool) -> Vec<u8> {
        let length = u8::try_from(value.len()).unwrap() | if coded { 0x80 } else { 0 };
        // A header of the table, one that is new, the size of the table; then the authority; then one of the table.
        let before = [0x83, 0x40, 1, b'a', 1, b'/', 0x20];
        frame(HEADERS, END_HEADERS, &[&before[..], &[0x41, length], value, &[0x86]].concat())
    }

    /// Everything in one piece, and byte by byte: it must be the same.
    fn passed(bytes: &[u8]) -> Vec<u8> {
        let (mut whole, mut pieces) = (Vec::new(), Vec::new());
        Authority::new().pass(bytes, &mut whole);
        let mut authority = Authority::new();
        for byte in bytes {
            authority.pass(&[*byte], &mut pieces);
        }
        assert_eq!(whole, pieces);
        whole
    }

    #[test]
    fn a_path_becomes_a_name_and_everything_else_stays() {
        let other = frame(0, 0, b"/unix://data/");
        let sent = [PREFACE, &other, &headers(b"unix://a b%20.sock", false), &other].concat();
        let wanted = [PREFACE, &other, &headers(b"unixB--a-b-20.sock", false), &other].concat();
        assert_eq!(String::from_utf8_lossy(&passed(&sent)), String::from_utf8_lossy(&wanted));
    }

    #[test]
    fn a_name_stays() {
        let sent = [PREFACE, &headers(b"localhost:2379", false)].concat();
        assert_eq!(passed(&sent), sent);
    }

    #[test]
    fn a_compressed_path_becomes_a_name() {
        // `/a:/` is 011000 00011 1011100 011000, `-aB-` is 010110 00011 1011101 010110.
        let sent = [PREFACE, &headers(&[0b0110_0000, 0b0111_0111, 0b0001_1000], true)].concat();
        let wanted = [PREFACE, &headers(&[0b0101_1000, 0b0111_0111, 0b0101_0110], true)].concat();
        assert_eq!(passed(&sent), wanted);
    }

    #[test]
    fn padding_and_priority_are_stepped_over() {
        let block = |value: &[u8]| [&[0x01, 2], value].concat();
        let payload = |value| [&[3, 0, 0, 0, 0, 9][..], &block(value), &[0, 0, 0]].concat();
        let sent = [PREFACE, &frame(HEADERS, END_HEADERS | PADDED | PRIORITY, &payload(b"/x"))].concat();
        let wanted = [PREFACE, &frame(HEADERS, END_HEADERS | PADDED | PRIORITY, &payload(b"-x"))].concat();
        assert_eq!(passed(&sent), wanted);
    }

    #[test]
    fn what_is_no_http_2_passes_as_it_is() {
        let rng = crate::rng::Rng::from_seed(11);
        for round in 0..500 {
            let mut garbage: Vec<u8> = (0..rng.below(300)).map(|_| u8::try_from(rng.below(256)).unwrap()).collect();
            if round % 2 == 0 {
                // A frame of headers of nonsense; it may be changed, but it neither panics nor gets lost.
                garbage.truncate(200);
                let framed = [PREFACE, &frame(HEADERS, u8::try_from(rng.below(256)).unwrap(), &garbage)].concat();
                assert_eq!(passed(&framed).len(), framed.len());
            } else {
                let (mut out, mut authority) = (Vec::new(), Authority::new());
                authority.pass(&garbage, &mut out);
                authority.finish(&mut out);
                assert_eq!(out, garbage);
            }
        }
    }
}
