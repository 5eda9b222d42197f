//! Numbers by which threads count.

use std::sync::atomic::{AtomicU32, Ordering};

/// So many there can be in a process.
pub(super) const MOST: usize = 1 << 16;

/// By which the handlers of one method of the services of one class on one node are counted, or nothing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Meter(u32);

/// Beside a meter: the handler is run by its caller.
const SHORT: u32 = 1 << 31;

impl Meter {
    /// Nothing is counted. (Nor is anything by others where figures are not built in: then it is known when it is compiled.)
    pub(crate) const OFF: Self = Self(0);

    /// The same, for a handler that is run by its caller, or by the link that brought the call.
    #[inline]
    pub(crate) const fn short(self) -> Self {
        Self(self.0 | SHORT)
    }

    #[inline]
    pub(super) const fn is_short(self) -> bool {
        self.0 & SHORT != 0
    }

    #[inline]
    pub(crate) const fn is_off(self) -> bool {
        !cfg!(feature = "telemetry") || self.0 & !SHORT == 0
    }

    /// Where it is in a ledger.
    #[inline]
    pub(super) const fn place(self) -> Option<usize> {
        ((self.0 & !SHORT) as usize).checked_sub(1)
    }
}

/// One that nobody has had: what was counted for a node that has ended stays in the ledgers.
pub(super) fn next() -> Option<Meter> {
    static LAST: AtomicU32 = AtomicU32::new(0);
    let more = |last: u32| ((last as usize) < MOST).then_some(last + 1);
    let last = LAST.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
    match last {
        Ok(last) => Some(Meter(last + 1)),
        Err(_) => {
            tracing::warn!(
                target: "ember::telemetry",
                "this process has had {MOST} methods on all its nodes together: what comes now is not counted"
            );
            None
        }
    }
}

#[cfg(all(test, feature = "telemetry"))]
mod tests {
    use super::*;

    #[test]
    fn whether_a_caller_runs_it_is_beside_the_number() {
        let meter = next().expect("there are enough");
        assert!(!meter.is_short() && meter.short().is_short() && meter.short().place() == meter.place());
        assert!(Meter::OFF.is_off() && Meter::OFF.short().is_off());
    }
}
