//! One sign of life.
//!
//! | bytes | what |
//! | --- | --- |
//! | 1 | how many bytes follow; at least 16, and what is beyond is skipped |
//! | 8 | how many bytes the sender has read from the link's other connection, little-endian as all that follows |
//! | 4 | for how many milliseconds the task that reads them has not run though it was called |
//! | 4 | for how many milliseconds the workers of the node have not run anything though they were asked to |

use std::time::Duration;

/// What follows the length.
const BODY: usize = 16;

/// What it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Beat {
    pub(super) read: u64,
    pub(super) held: Duration,
    pub(super) late: Duration,
}

impl Beat {
    pub(super) fn put(&self) -> [u8; BODY + 1] {
        let mut out = [BODY as u8; BODY + 1];
        out[1..9].copy_from_slice(&self.read.to_le_bytes());
        out[9..13].copy_from_slice(&millis(self.held).to_le_bytes());
        out[13..].copy_from_slice(&millis(self.late).to_le_bytes());
        out
    }
}

fn millis(time: Duration) -> u32 {
    u32::try_from(time.as_millis()).unwrap_or(u32::MAX)
}

/// The peer sends something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it sent a heartbeat that is none")]
pub(super) struct Malformed;

/// Beats that arrive in whatever parts.
#[derive(Debug, Default)]
pub(super) struct Beats(Vec<u8>);

impl Beats {
    pub(super) fn add(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// The next whole one.
    pub(super) fn next(&mut self) -> Result<Option<Beat>, Malformed> {
        let Some(&size) = self.0.first() else { return Ok(None) };
        let size = usize::from(size);
        if size < BODY {
            return Err(Malformed);
        }
        let Some(body) = self.0.get(1..=size) else { return Ok(None) };
        let (read, rest) = body.split_first_chunk().ok_or(Malformed)?;
        let (held, rest) = rest.split_first_chunk().ok_or(Malformed)?;
        let late = rest.first_chunk().ok_or(Malformed)?;
        let time = |millis: &[u8; 4]| Duration::from_millis(u32::from_le_bytes(*millis).into());
        let beat = Beat { read: u64::from_le_bytes(*read), held: time(held), late: time(late) };
        self.0.drain(..=size);
        Ok(Some(beat))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beats_are_read_in_whatever_parts_they_come_also_longer_ones_of_later_versions() {
        let beat = |read| Beat { read, held: Duration::from_millis(7), late: Duration::from_secs(9) };
        let mut longer = beat(2).put().to_vec();
        (longer[0], longer) = (BODY as u8 + 3, [&longer[..], &[1, 2, 3]].concat());
        longer[0] = BODY as u8 + 3;
        let stream = [&beat(1).put()[..], &longer, &beat(u64::MAX).put()].concat();
        for step in 1..stream.len() {
            let (mut beats, mut read) = (Beats::default(), Vec::new());
            for part in stream.chunks(step) {
                beats.add(part);
                while let Some(beat) = beats.next().unwrap() {
                    read.push(beat);
                }
            }
            assert_eq!(read, [beat(1), beat(2), beat(u64::MAX)], "in steps of {step}");
        }
    }

    #[test]
    fn what_is_too_short_for_a_beat_is_refused() {
        for size in 0..BODY {
            let mut beats = Beats::default();
            beats.add(&[size as u8; 40]);
            assert_eq!(beats.next(), Err(Malformed));
        }
    }
}
