//! A frame: `u32` length of the rest, `u64` id, `u8` what it is, then its body; little endian.

use bytes::Bytes;

#[derive(Debug)]
pub(crate) enum Frame {
    Sum(i64, i64),
    Add(u64),
    Take,
    Number(i64),
    Echo(Bytes),
}

const LENGTH: usize = 4;
const HEAD: usize = 9;

pub(crate) fn put(out: &mut Vec<u8>, id: u64, frame: &Frame) {
    let start = out.len();
    out.extend_from_slice(&[0; LENGTH]);
    out.extend_from_slice(&id.to_le_bytes());
    match frame {
        Frame::Sum(a, b) => {
            out.push(0);
            out.extend_from_slice(&a.to_le_bytes());
            out.extend_from_slice(&b.to_le_bytes());
        }
        Frame::Add(value) => {
            out.push(1);
            out.extend_from_slice(&value.to_le_bytes());
        }
        Frame::Take => out.push(2),
        Frame::Number(value) => {
            out.push(3);
            out.extend_from_slice(&value.to_le_bytes());
        }
        Frame::Echo(body) => {
            out.push(4);
            out.extend_from_slice(body);
        }
    }
    let length = (out.len() - start - LENGTH) as u32;
    out[start..start + LENGTH].copy_from_slice(&length.to_le_bytes());
}

/// Gives each whole frame of `from` to `take`; how many bytes they had.
pub(crate) fn each(from: &[u8], mut take: impl FnMut(u64, Frame)) -> usize {
    let mut done = 0;
    while let Some((length, rest)) = from[done..].split_at_checked(LENGTH) {
        let length = u32::from_le_bytes(length.try_into().expect("four bytes")) as usize;
        let Some(frame) = rest.get(..length) else { break };
        let (head, body) = frame.split_at(HEAD);
        let number = |at: usize| i64::from_le_bytes(body[at..at + 8].try_into().expect("eight bytes"));
        let frame = match head[8] {
            0 => Frame::Sum(number(0), number(8)),
            1 => Frame::Add(number(0) as u64),
            2 => Frame::Take,
            3 => Frame::Number(number(0)),
            _ => Frame::Echo(Bytes::copy_from_slice(body)),
        };
        take(u64::from_le_bytes(head[..8].try_into().expect("eight bytes")), frame);
        done += LENGTH + length;
    }
    done
}
