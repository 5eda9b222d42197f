//! How late something is: it is asked for a sign, and how long the question waits is how late it is.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::Duration,
};

use tokio::{sync::Notify, time::Instant};

/// A question that waits, or none.
#[derive(Debug)]
pub(crate) struct Lateness {
    born: Instant,
    /// Microseconds after `born`; 0 if none waits.
    asked: AtomicU64,
}

impl Default for Lateness {
    fn default() -> Self {
        Self { born: Instant::now(), asked: AtomicU64::new(0) }
    }
}

impl Lateness {
    /// How long the question has waited. If none does, the next is put, by `put`.
    pub(crate) fn waits(&self, now: Instant, put: impl FnOnce()) -> Duration {
        match self.asked.load(Ordering::Acquire) {
            0 => {
                let micros = now.saturating_duration_since(self.born).as_micros();
                self.asked.store(u64::try_from(micros).unwrap_or(u64::MAX).max(1), Ordering::Release);
                put();
                Duration::ZERO
            }
            asked => now.saturating_duration_since(self.born + Duration::from_micros(asked)),
        }
    }

    /// Gives the sign. Costs next to nothing while nobody asks.
    #[inline]
    pub(crate) fn answer(&self) {
        if self.asked.load(Ordering::Relaxed) != 0 {
            self.asked.store(0, Ordering::Release);
        }
    }
}

/// Asks the workers of a node.
#[derive(Debug, Default)]
pub(crate) struct Workers {
    lateness: Lateness,
    put: Notify,
    /// The log tells already that they are late.
    told: AtomicBool,
}

impl Workers {
    /// How late they are.
    pub(crate) fn late(&self, now: Instant) -> Duration {
        let late = self.lateness.waits(now, || self.put.notify_one());
        if late.is_zero() {
            self.told.store(false, Ordering::Relaxed);
        }
        late
    }

    /// Whether this is the first to tell of it.
    pub(crate) fn tell(&self) -> bool {
        !self.told.swap(true, Ordering::Relaxed)
    }

    /// Answers for them. To be run by them; never ends.
    pub(crate) async fn answer(&self) {
        loop {
            self.put.notified().await;
            self.lateness.answer();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_waits_until_it_is_answered() {
        let (question, start) = (Lateness::default(), Instant::now() + Duration::from_millis(1));
        let after = |millis| start + Duration::from_millis(millis);
        let mut put = 0;
        assert_eq!(question.waits(after(0), || put += 1), Duration::ZERO);
        assert_eq!(question.waits(after(400), || put += 1).as_millis(), 400);
        assert_eq!(question.waits(after(900), || put += 1).as_millis(), 900);
        question.answer();
        assert_eq!(question.waits(after(1000), || put += 1), Duration::ZERO);
        assert_eq!(put, 2);
    }
}
