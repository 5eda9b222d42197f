//! Records of bytes, one after another: which are whole, where the last one was cut off, and which are damaged.
//!
//! | bytes | what |
//! | --- | --- |
//! | 4 | the length of the record |
//! | 4 | the checksum of these four |
//! | 4 | the checksum of the record |
//! | … | the record |
//!
//! Numbers are little-endian. A process that is killed in a write leaves the beginning of what it wrote. So the end may be missing, in
//! the last record; whatever else is wrong is damage. The length has a checksum of its own, or one that is damaged would make everything
//! after it look like such an end.

#![cfg_attr(not(feature = "embedded"), allow(dead_code, reason = "only journals read them there"))]

pub(crate) mod checksum;

use std::io::{self, Read};

/// The bytes before a record.
pub(crate) const HEAD: usize = 12;

/// Adds the record that `write` writes.
///
/// # Errors
/// It is too long.
pub(crate) fn add(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
    let start = out.len();
    out.extend([0; HEAD]);
    write(out);
    let record = &out[start + HEAD..];
    let length =
        u32::try_from(record.len()).map_err(|_| io::Error::other("a record of more than 4 GiB"))?.to_le_bytes();
    let sums = [checksum::of(&length), checksum::of(record)].map(u32::to_le_bytes);
    for (place, bytes) in out[start..].chunks_exact_mut(4).zip([length, sums[0], sums[1]]) {
        place.copy_from_slice(&bytes);
    }
    Ok(())
}

/// Reads records.
#[derive(Debug)]
pub(crate) struct Frames<R> {
    from: R,
    /// How many bytes are yet to be read.
    left: u64,
}

/// What is where a record should be.
#[derive(Debug)]
pub(crate) enum Frame {
    Whole(Vec<u8>),
    /// The beginning of one, of so many bytes.
    Cut(u64),
    End,
}

/// Why there is no record.
#[derive(Debug)]
pub(crate) enum Broken {
    Checksum,
    Io(io::Error),
}

impl<R: Read> Frames<R> {
    /// Of the next `left` bytes.
    pub(crate) fn new(from: R, left: u64) -> Self {
        Self { from, left }
    }

    /// How many bytes are yet to be read.
    pub(crate) fn left(&self) -> u64 {
        self.left
    }

    pub(crate) fn next(&mut self) -> Result<Frame, Broken> {
        if self.left == 0 {
            return Ok(Frame::End);
        }
        if self.left < HEAD as u64 {
            return Ok(Frame::Cut(self.left));
        }
        let mut head = [[0; 4]; 3];
        self.from.read_exact(head.as_flattened_mut()).map_err(Broken::Io)?;
        let [length, of_length, of_record] = head;
        if checksum::of(&length) != u32::from_le_bytes(of_length) {
            return Err(Broken::Checksum);
        }
        let (length, left) = (u32::from_le_bytes(length), self.left - HEAD as u64);
        if u64::from(length) > left {
            return Ok(Frame::Cut(self.left));
        }
        // No longer than what is there.
        let mut record = vec![0; usize::try_from(length).map_err(|_| Broken::Checksum)?];
        self.from.read_exact(&mut record).map_err(Broken::Io)?;
        if checksum::of(&record) != u32::from_le_bytes(of_record) {
            return Err(Broken::Checksum);
        }
        self.left = left - u64::from(length);
        Ok(Frame::Whole(record))
    }
}
