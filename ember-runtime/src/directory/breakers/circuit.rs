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

/// Of calls that were under way together and are late, no more than one in this time counts: those that a node sees late because it
/// stood still itself are seen at once.
const ONE_MOMENT: Duration = Duration::from_millis(100);

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
    /// The phase in which it opened. The answer of any probe since closes it, however late it comes.
    opened: u64,
    closed_at: Option<Instant>,
    /// When the last link was lost, and the last call late, that counted.
    last_break: Option<Instant>,
    last_late: Option<Instant>,
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

    /// A call that is no probe, and was begun at this time, failed. If the breaker opens by that: until when.
    pub(crate) fn failed(&self, fault: Fault, begun: Instant, by: &Breaker) -> Option<Due> {
        if by.is_off() {
            return None;
        }
        let mut inner = self.lock();
        // What was begun before it closed says nothing of how the instance is since.
        if inner.phase != Phase::Closed || inner.closed_at.is_some_and(|closed| begun < closed) {
            return None;
        }
        let now = Instant::now();
        match fault {
            Fault::LinkLost => {
                // Lost with that link, though it is seen only now.
                if inner.last_break.is_some_and(|last| begun <= last) {
                    return None;
                }
                inner.last_break = Some(now);
            }
            Fault::NoAnswer { short } => {
                if let Some(short) = short.filter(|short| *short != inner.short) {
                    inner.short = short;
                    self.failures.store(0, Ordering::Relaxed);
                }
                if inner.last_late.is_some_and(|last| begun < last && now.duration_since(last) < ONE_MOMENT) {
                    return None;
                }
                inner.last_late = Some(now);
            }
        }
        let failures = self.failures.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        (failures >= by.failures).then(|| {
            let due = inner.open(by);
            inner.opened = due.number;
            due
        })
    }

    /// The time for which it was to be open is over.
    pub(crate) fn half_open(&self, number: u64) -> bool {
        let mut inner = self.lock();
        let is_due = inner.is_in(Phase::Open, number);
        if is_due {
            inner.enter(Phase::HalfOpen);
        }
        is_due
    }

    /// A call becomes the probe, if it is the time for one: its number.
    pub(crate) fn probe(&self) -> Option<u64> {
        let mut inner = self.lock();
        (inner.phase == Phase::HalfOpen).then(|| inner.enter(Phase::Probed))
    }

    /// The probe was not made: another call may be it. Whether it was still to be.
    pub(crate) fn unprobe(&self, number: u64) -> bool {
        let mut inner = self.lock();
        let was_to_be = inner.is_in(Phase::Probed, number);
        if was_to_be {
            inner.enter(Phase::HalfOpen);
        }
        was_to_be
    }

    /// Whether a call may become the probe.
    pub(crate) fn wants_probe(&self) -> bool {
        self.lock().phase == Phase::HalfOpen
    }

    /// A probe was answered, in its time or later. Whether the breaker closes by that.
    pub(crate) fn probe_answered(&self, number: u64) -> bool {
        let mut inner = self.lock();
        let closes = inner.phase != Phase::Closed && number > inner.opened;
        if closes || inner.phase == Phase::Closed {
            self.failures.store(0, Ordering::Relaxed);
        }
        if closes {
            inner.failed_probes = 0;
            inner.closed_at = Some(Instant::now());
            inner.enter(Phase::Closed);
        }
        closes
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
            BreakerState::Closed => {
                self.failed(Fault::NoAnswer { short: None }, Instant::now(), &Breaker::after(1)).is_some()
            }
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

    /// A call that was made just now has failed so.
    fn fails(circuit: &Circuit, fault: Fault) -> Option<Due> {
        circuit.failed(fault, Instant::now(), &three())
    }

    /// One that has just opened.
    fn open() -> (Circuit, Due) {
        let circuit = Circuit::default();
        assert!(fails(&circuit, LATE).is_none() && fails(&circuit, LATE).is_none());
        assert_eq!(circuit.state(), BreakerState::Closed);
        let due = fails(&circuit, LATE).expect("the third opens it");
        assert_eq!((circuit.state(), due.after), (BreakerState::Open, Duration::from_secs(1)));
        (circuit, due)
    }

    #[test]
    fn an_answer_ends_the_row_and_off_is_off() {
        let circuit = Circuit::default();
        for _ in 0..10 {
            assert!(fails(&circuit, LATE).is_none() && fails(&circuit, LATE).is_none());
            circuit.answered();
        }
        for _ in 0..100 {
            assert!(circuit.failed(LATE, Instant::now(), &Breaker::off()).is_none());
        }
        assert_eq!(circuit.state(), BreakerState::Closed);
    }

    #[test]
    fn exactly_one_call_is_the_probe_and_only_its_answer_closes() {
        let (circuit, due) = open();
        circuit.answered();
        assert!(fails(&circuit, LATE).is_none(), "calls that are under way change nothing");
        assert_eq!((circuit.state(), circuit.probe()), (BreakerState::Open, None));
        assert!(!circuit.half_open(due.number - 1) && circuit.half_open(due.number) && !circuit.half_open(due.number));
        assert!(circuit.wants_probe());
        let probe = circuit.probe().expect("it is free");
        assert!(circuit.probe().is_none() && !circuit.wants_probe());
        circuit.answered();
        assert!(!circuit.probe_answered(due.number), "no probe's");
        assert_eq!(circuit.state(), BreakerState::Open);
        assert!(circuit.probe_answered(probe));
        assert_eq!(circuit.state(), BreakerState::Closed);
        assert!(fails(&circuit, LATE).is_none(), "the row begins anew");
    }

    #[test]
    fn a_probe_that_is_not_made_leaves_it_to_another() {
        let (circuit, due) = open();
        assert!(circuit.half_open(due.number));
        let probe = circuit.probe().expect("it is free");
        assert!(circuit.unprobe(probe) && !circuit.unprobe(probe));
        assert!(circuit.probe_failed(probe, &three()).is_none(), "it was none");
        assert_eq!(circuit.state(), BreakerState::HalfOpen);
        let probe = circuit.probe().expect("it is free");
        assert!(circuit.probe_answered(probe));
    }

    #[test]
    fn a_probe_that_fails_opens_for_longer() {
        let (circuit, mut due) = open();
        let mut probe;
        for seconds in [2, 4, 5, 5] {
            assert!(circuit.half_open(due.number));
            probe = circuit.probe().expect("it is free");
            due = circuit.probe_failed(probe, &three()).expect("it was under way");
            assert_eq!((circuit.state(), due.after), (BreakerState::Open, Duration::from_secs(seconds)));
            assert!(circuit.probe_failed(probe, &three()).is_none());
        }
        assert!(circuit.half_open(due.number));
        probe = circuit.probe().expect("it is free");
        assert!(circuit.probe_answered(probe));
        let again = (0..3).filter_map(|_| fails(&circuit, LATE)).next();
        assert_eq!(again.expect("it opens").after, Duration::from_secs(1), "from the beginning");
    }

    #[test]
    fn a_late_answer_of_a_probe_closes_it_unless_it_is_of_an_outage_before() {
        // While it is open, half-open, and while another is the probe.
        for steps in 0..3 {
            let (circuit, due) = open();
            assert!(circuit.half_open(due.number));
            let probe = circuit.probe().expect("it is free");
            let due = circuit.probe_failed(probe, &three()).expect("it was under way");
            assert!(steps < 1 || circuit.half_open(due.number));
            let other = (steps == 2).then(|| circuit.probe().expect("it is free"));
            assert!(circuit.probe_answered(probe));
            assert_eq!(circuit.state(), BreakerState::Closed);
            if let Some(other) = other {
                assert!(!circuit.probe_answered(other) && circuit.probe_failed(other, &three()).is_none());
            }
            let again = (0..3).filter_map(|_| fails(&circuit, LATE)).next();
            assert_eq!(again.expect("it opens").after, Duration::from_secs(1), "from the beginning");
            assert!(!circuit.probe_answered(probe) && !circuit.probe_answered(other.unwrap_or_default()));
            assert_eq!(circuit.state(), BreakerState::Open);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_one_link_takes_with_it_counts_once_however_late_it_is_seen() {
        let circuit = Circuit::default();
        for _ in 0..2 {
            let begun = Instant::now();
            for _ in 0..100 {
                advance(Duration::from_secs(1)).await;
                assert!(circuit.failed(Fault::LinkLost, begun, &three()).is_none());
            }
            advance(ONE_MOMENT).await;
        }
        assert!(fails(&circuit, Fault::LinkLost).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn of_calls_that_were_under_way_together_one_counts_in_a_moment() {
        let circuit = Circuit::default();
        let begun = Instant::now();
        for _ in 0..2 {
            advance(ONE_MOMENT).await;
            for _ in 0..100 {
                assert!(circuit.failed(LATE, begun, &three()).is_none());
            }
        }
        advance(ONE_MOMENT).await;
        assert!(circuit.failed(LATE, begun, &three()).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn failures_of_calls_that_were_made_before_it_closed_do_not_open_it() {
        let (circuit, due) = open();
        let begun = Instant::now();
        advance(ONE_MOMENT).await;
        assert!(circuit.half_open(due.number));
        let probe = circuit.probe().expect("it is free");
        assert!(circuit.probe_answered(probe));
        for fault in [LATE, Fault::LinkLost] {
            for _ in 0..10 {
                advance(ONE_MOMENT).await;
                assert!(circuit.failed(fault, begun, &three()).is_none());
            }
        }
        assert!((0..3).filter_map(|_| fails(&circuit, LATE)).next().is_some());
    }

    #[test]
    fn short_calls_that_a_service_of_this_node_has_run_end_the_row() {
        let circuit = Circuit::default();
        let failed = |short| fails(&circuit, Fault::NoAnswer { short: Some(short) }).is_some();
        assert_eq!([1, 1, 2, 2, 3, 3, 3].map(failed), [false, false, false, false, false, false, true]);
    }
}
