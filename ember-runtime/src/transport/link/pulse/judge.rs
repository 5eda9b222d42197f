//! Whether a link lives, by what its peer says and by how long it says nothing. No clock, no I/O: only the rules.

use std::time::Duration;

use tokio::time::Instant;

use super::beat::Beat;
use crate::transport::protocol::LinkConfig;

/// What is known of the other end.
#[derive(Debug)]
pub(super) struct Judge {
    heartbeat: Duration,
    grace: Duration,
    stall_limit: Duration,
    /// When it last said something.
    heard: Instant,
    /// How many bytes it had read by then, and how many were on their way to it.
    read: u64,
    written: u64,
    /// Since when it has read nothing of what is on its way, and does not say why.
    stuck: Option<Instant>,
}

impl Judge {
    pub(super) fn new(config: &LinkConfig, now: Instant) -> Self {
        let &LinkConfig { heartbeat, grace, stall_limit, .. } = config;
        Self { heartbeat, grace, stall_limit, heard: now, read: 0, written: 0, stuck: None }
    }

    /// So often a sign of life is sent: twice as often as one is missed, so that each tells news.
    pub(super) fn pace(&self) -> Duration {
        self.heartbeat / 2
    }

    /// When silence is too long.
    pub(super) fn due(&self) -> Instant {
        self.heard + self.heartbeat + self.grace
    }

    /// This process itself stood still: what the peer said meanwhile has yet to be read.
    pub(super) fn stood_still(&mut self, now: Instant) {
        (self.heard, self.stuck) = (now, None);
    }

    /// Nothing has come by `now`.
    pub(super) fn silence(&self, now: Instant) -> Result<(), String> {
        if now < self.due() {
            return Ok(());
        }
        Err(format!("nothing was heard from it for {:?}", self.heartbeat + self.grace))
    }

    /// A beat has come; `written` bytes were sent to the peer so far.
    pub(super) fn heard(&mut self, beat: Beat, written: u64, now: Instant) -> Result<(), String> {
        let before = self.heard;
        let moves = beat.read > self.read || beat.read >= self.written;
        (self.heard, self.read, self.written) = (now, beat.read, written);
        if beat.held >= self.stall_limit {
            return Err(format!("its workers were held up for {:?}", self.stall_limit));
        }
        if moves || !beat.held.is_zero() {
            self.stuck = None;
            return Ok(());
        }
        // A beat is as old as its way, and the next one half a heartbeat away: a quarter keeps the grace from ending early.
        let since = *self.stuck.get_or_insert(before);
        if now.saturating_duration_since(since) < self.grace + self.heartbeat / 4 {
            return Ok(());
        }
        Err(format!("it has read nothing of what it was sent for {:?}", self.grace))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HALF: Duration = Duration::from_millis(500);

    /// Hears beats, half a second apart, of how much was read and how long the reader was held up (in ms), while bytes are on
    /// their way; after how many the link ends, and why.
    fn judge(written: u64, beats: impl Iterator<Item = (u64, u64)>) -> (usize, Result<(), String>) {
        let mut now = Instant::now();
        let mut judge = Judge::new(&LinkConfig::default(), now);
        let mut count = 0;
        for (read, held) in beats {
            count += 1;
            now += HALF;
            let beat = Beat { read, held: Duration::from_millis(held), late: Duration::ZERO };
            let verdict = judge.heard(beat, written, now);
            if verdict.is_err() {
                return (count, verdict);
            }
        }
        (count, Ok(()))
    }

    #[test]
    fn who_reads_lives_however_slowly_and_so_does_who_has_nothing_to_read() {
        assert_eq!(judge(1_000_000, (0..1000).map(|read| (read, 0))).1, Ok(()));
        assert_eq!(judge(7, (0..1000).map(|_| (7, 0))).1, Ok(()));
        // One byte in a second is enough.
        assert_eq!(judge(1_000_000, (0..1000).map(|beat| (beat / 2, 0))).1, Ok(()));
    }

    #[test]
    fn who_reads_nothing_of_what_is_sent_has_lost_its_connection() {
        let (count, verdict) = judge(7, std::iter::repeat((0, 0)));
        assert!(verdict.unwrap_err().contains("read nothing"));
        assert!((4..=5).contains(&count), "after {count} half seconds");
    }

    #[test]
    fn who_is_held_up_lives_until_the_limit() {
        let (count, verdict) = judge(7, (1..).map(|beat| (0, beat * 500)));
        assert!(verdict.unwrap_err().contains("held up for 30s"));
        assert_eq!(count, 60);
        // Free again, it has to read.
        let (count, verdict) = judge(7, (0..20).map(|beat| (0, beat * 500)).chain(std::iter::repeat((0, 0))));
        assert!(verdict.unwrap_err().contains("read nothing"));
        assert!((23..=24).contains(&count), "after {count} half seconds");
    }

    #[test]
    fn silence_ends_a_link_unless_this_process_stood_still() {
        let start = Instant::now();
        let mut judge = Judge::new(&LinkConfig::default(), start);
        assert_eq!(judge.silence(start + HALF * 3), Ok(()));
        assert!(judge.silence(start + HALF * 4).unwrap_err().contains("nothing was heard"));
        judge.stood_still(start + HALF * 100);
        assert_eq!(judge.silence(start + HALF * 103), Ok(()));
        assert!(judge.silence(start + HALF * 104).is_err());
    }
}
