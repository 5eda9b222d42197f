//! When a handler must have ended: known, or found out when somebody asks for the first time.

use std::{num::NonZeroU64, sync::OnceLock, time::Duration};

use tokio::time::Instant;

/// A deadline. Reading the clock costs more than a short call, so a call that nobody asks for its deadline never does.
#[derive(Debug, Clone, Default)]
pub(crate) struct Due {
    /// In nanoseconds, counted from the first look.
    within: Option<NonZeroU64>,
    /// Not later than this.
    by: Option<Instant>,
    at: OnceLock<Instant>,
}

impl Due {
    /// At `deadline`; never, if there is none.
    #[inline]
    pub(crate) const fn at(deadline: Option<Instant>) -> Self {
        Self { within: None, by: deadline, at: OnceLock::new() }
    }

    /// This long from now on, whoever asks first; and not later than `by`.
    #[inline]
    pub(crate) fn within(time: Duration, by: Option<Instant>) -> Self {
        // In 500 years nobody asks any more.
        let within = NonZeroU64::new(time.as_nanos() as u64);
        Self { within: Some(within.unwrap_or(NonZeroU64::MIN)), by, at: OnceLock::new() }
    }

    /// The deadline.
    pub(crate) fn get(&self) -> Option<Instant> {
        let Some(within) = self.within else { return self.by };
        let at = self.at.get_or_init(|| {
            let own = Instant::now() + Duration::from_nanos(within.get());
            self.by.map_or(own, |by| by.min(own))
        });
        Some(*at)
    }

    /// Whether the deadline has passed. It has not, if it begins to count only now.
    pub(crate) fn is_over(&self) -> bool {
        let known = if self.within.is_some() { self.at.get().copied() } else { self.by };
        known.is_some_and(|at| at <= Instant::now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_deadline_is_counted_from_the_first_look_and_stays_as_it_is() {
        let due = Due::within(Duration::from_secs(5), None);
        tokio::time::advance(Duration::from_secs(1)).await;
        let first = due.get();
        assert_eq!(first, Some(Instant::now() + Duration::from_secs(5)));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(due.get(), first);
        assert_eq!(Due::within(Duration::from_secs(5), first).get(), first, "the earlier one holds");
    }
}
