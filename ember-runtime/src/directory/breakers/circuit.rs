//! One breaker: closed, open, half-open with one probe.

use std::{
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

use super::settings::Breaker;
use crate::sync::lock;

/// The calls that one link takes with it fail within this time.
const ONE_BREAK: Duration = Duration::from_millis(100);

/// What a node thinks of an instance, from what became of its own calls: see [`Breaker`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BreakerState {
    /// Calls go there.
    #[default]
    Closed,
    /// None does: for a while, or until the probe that is under way has ended.
    Open,
    /// One may, as a probe.
    HalfOpen,
}

/// The breaker of one instance. Made when its node first calls the instance; gone with it.
#[derive(Debug, Default)]
pub(crate) struct Circuit {
    /// In a row, while it is closed.
    failures: AtomicU32,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    phase: Phase,
    /// Grows with each phase: what was begun in an earlier one changes nothing.
    number: u64,
    /// In a row.
    failed_probes: u32,
    last_break: Option<Instant>,
    /// How many short calls a service of this node had run at the last failure.
    short: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Phase {
    #[default]
    Closed,
    Open,
    HalfOpen,
    Probed,
}

/// How a call has failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// There was no answer in time. With the number of short calls that the service has run, if it is on this node.
    NoAnswer { short: Option<u64> },
    /// Its link broke.
    LinkLost,
}

/// A phase that ends by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Due {
    pub(crate) number: u64,
    pub(crate) after: Duration,
}

impl Circuit {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        lock(&self.inner)
    }

    pub(crate) fn state(&self) -> BreakerState {
        match self.lock().phase {
            Phase::Closed => BreakerState::Closed,
            Phase::Open | Phase::Probed => BreakerState::Open,
            Phase::HalfOpen => BreakerState::HalfOpen,
        }
    }

    /// A call that is no probe was answered.
    #[inline]
    pub(crate) fn answered(&self) {
        if self.failures.load(Ordering::Relaxed) != 0 {
            self.failures.store(0, Ordering::Relaxed);
        }
    }

    /// A call that is no probe failed. If the breaker opens by that: until when.
    pub(crate) fn failed(&self, fault: Fault, by: &Breaker) -> Option<Due> {
        if by.is_off() {
            return None;
        }
        let mut inner = self.lock();
        if inner.phase != Phase::Closed {
            return None;
        }
        match fault {
            Fault::LinkLost => {
                let now = Instant::now();
                if inner.last_break.is_some_and(|last| now.duration_since(last) < ONE_BREAK) {
                    return None;
                }
                inner.last_break = Some(now);
            }
            Fault::NoAnswer { short: Some(short) } if short != inner.short => {
                inner.short = short;
                self.failures.store(0, Ordering::Relaxed);
            }
            Fault::NoAnswer { .. } => {}
        }
        let failures = self.failures.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        (failures >= by.failures).then(|| inner.open(by))
    }

    /// The time for which it was to be open is over.
    pub(crate) fn half_open(&self, number: u64) -> bool {
        let mut inner = self.lock();
        inner.is_in(Phase::Open, number) && inner.enter(Phase::HalfOpen) > 0
    }

    /// A call becomes the probe, if it is the time for one: its number.
    pub(crate) fn probe(&self) -> Option<u64> {
        let mut inner = self.lock();
        (inner.phase == Phase::HalfOpen).then(|| inner.enter(Phase::Probed))
    }

    /// Whether a call may become the probe.
    pub(crate) fn wants_probe(&self) -> bool {
        self.lock().phase == Phase::HalfOpen
    }

    /// The probe was answered. Whether it was still under way.
    pub(crate) fn probe_answered(&self, number: u64) -> bool {
        let mut inner = self.lock();
        if !inner.is_in(Phase::Probed, number) {
            return false;
        }
        self.failures.store(0, Ordering::Relaxed);
        inner.failed_probes = 0;
        inner.enter(Phase::Closed) > 0
    }

    /// The probe has failed, or will not be answered in time. If it was still under way: until when the breaker is open again.
    pub(crate) fn probe_failed(&self, number: u64, by: &Breaker) -> Option<Due> {
        let mut inner = self.lock();
        inner.is_in(Phase::Probed, number).then(|| {
            inner.failed_probes = inner.failed_probes.saturating_add(1);
            inner.open(by)
        })
    }
}

impl Inner {
    fn is_in(&self, phase: Phase, number: u64) -> bool {
        self.phase == phase && self.number == number
    }

    fn enter(&mut self, phase: Phase) -> u64 {
        self.phase = phase;
        self.number += 1;
        self.number
    }

    fn open(&mut self, by: &Breaker) -> Due {
        Due { after: by.time(self.failed_probes), number: self.enter(Phase::Open) }
    }
}

#[cfg(test)]
impl Circuit {
    /// Opens, half-opens or closes it.
    pub(crate) fn turn(&self) {
        let number = self.lock().number;
        let turned = match self.state() {
            BreakerState::Closed => self.failed(Fault::NoAnswer { short: None }, &Breaker::after(1)).is_some(),
            BreakerState::Open => self.half_open(number),
            BreakerState::HalfOpen => self.probe().is_some_and(|probe| self.probe_answered(probe)),
        };
        assert!(turned);
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    const LATE: Fault = Fault::NoAnswer { short: None };

    fn three() -> Breaker {
        Breaker::after(3).open_for(Duration::from_secs(1), Duration::from_secs(5))
    }

    /// One that has just opened.
    fn open() -> (Circuit, Due) {
        let circuit = Circuit::default();
        assert!(circuit.failed(LATE, &three()).is_none() && circuit.failed(LATE, &three()).is_none());
        assert_eq!(circuit.state(), BreakerState::Closed);
        let due = circuit.failed(LATE, &three()).expect("the third opens it");
        assert_eq!((circuit.state(), due.after), (BreakerState::Open, Duration::from_secs(1)));
        (circuit, due)
    }

    #[test]
    fn an_answer_ends_the_row_and_off_is_off() {
        let circuit = Circuit::default();
        for _ in 0..10 {
            assert!(circuit.failed(LATE, &three()).is_none() && circuit.failed(LATE, &three()).is_none());
            circuit.answered();
        }
        for _ in 0..100 {
            assert!(circuit.failed(LATE, &Breaker::off()).is_none());
        }
        assert_eq!(circuit.state(), BreakerState::Closed);
    }

    #[test]
    fn exactly_one_call_is_the_probe_and_only_its_answer_closes() {
        let (circuit, due) = open();
        circuit.answered();
        assert!(circuit.failed(LATE, &three()).is_none(), "calls that are under way change nothing");
        assert_eq!((circuit.state(), circuit.probe()), (BreakerState::Open, None));
        assert!(!circuit.half_open(due.number - 1) && circuit.half_open(due.number) && !circuit.half_open(due.number));
        assert!(circuit.wants_probe());
        let probe = circuit.probe().expect("it is free");
        assert!(circuit.probe().is_none() && !circuit.wants_probe());
        circuit.answered();
        assert!(!circuit.probe_answered(probe - 1), "another's answer");
        assert_eq!(circuit.state(), BreakerState::Open);
        assert!(circuit.probe_answered(probe));
        assert_eq!(circuit.state(), BreakerState::Closed);
        assert!(circuit.failed(LATE, &three()).is_none(), "the row begins anew");
    }

    #[test]
    fn a_probe_that_fails_opens_for_longer_and_its_late_answer_says_nothing() {
        let (circuit, mut due) = open();
        let mut probe;
        for seconds in [2, 4, 5, 5] {
            assert!(circuit.half_open(due.number));
            probe = circuit.probe().expect("it is free");
            due = circuit.probe_failed(probe, &three()).expect("it was under way");
            assert_eq!((circuit.state(), due.after), (BreakerState::Open, Duration::from_secs(seconds)));
            assert!(!circuit.probe_answered(probe) && circuit.probe_failed(probe, &three()).is_none());
        }
        assert!(circuit.half_open(due.number));
        probe = circuit.probe().expect("it is free");
        assert!(circuit.probe_answered(probe));
        let again = (0..3).filter_map(|_| circuit.failed(LATE, &three())).next();
        assert_eq!(again.expect("it opens").after, Duration::from_secs(1), "from the beginning");
    }

    #[tokio::test(start_paused = true)]
    async fn what_one_link_takes_with_it_counts_once() {
        let circuit = Circuit::default();
        for _ in 0..2 {
            for _ in 0..100 {
                assert!(circuit.failed(Fault::LinkLost, &three()).is_none());
            }
            advance(ONE_BREAK).await;
        }
        assert!(circuit.failed(Fault::LinkLost, &three()).is_some());
    }

    #[test]
    fn short_calls_that_a_service_of_this_node_has_run_end_the_row() {
        let circuit = Circuit::default();
        let failed = |short| circuit.failed(Fault::NoAnswer { short: Some(short) }, &three()).is_some();
        assert_eq!([1, 1, 2, 2, 3, 3, 3].map(failed), [false, false, false, false, false, false, true]);
    }
}
