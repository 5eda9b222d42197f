//! How long a node certainly has a lease. It counts from when the last renewal was *sent*: the registry may have counted from then.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::sync::watch;

use super::boot::{BootClock, nanos};
use crate::{
    planted::{Bug, planted},
    sync::lock,
};

/// It ends so much earlier than the lease, as a share of it: what a handler that has just been allowed to act does takes time, and no
/// two clocks run alike.
const MARGIN: u32 = 10;

/// A lease, as the registry calls it.
type LeaseNumber = i64;

/// A lease of a node, as those see it who hold an office by it.
#[derive(Debug)]
pub(crate) struct Tenure {
    clock: BootClock,
    /// Which lease it is: the how manyth. An office is held by one lease, and no later one.
    term: AtomicU64,
    /// When it ends on the clock.
    until: AtomicU64,
    /// The tick in which the clock was looked at last, and the term that went on then.
    looked: AtomicU64,
    /// How long the registry has said that it lasts after it was last heard.
    granted: AtomicU64,
    lease: Mutex<Option<LeaseNumber>>,
    changed: watch::Sender<()>,
}

/// So much of a tick is no part of it, but of the term: a microsecond, where ticks are a thousand and more.
const TERM: u64 = 0x3ff;

/// What others promise ends so much earlier for whom they promise it, or by half where it is shorter than twice that.
const PROMISED: Duration = Duration::from_secs(1);

/// One lease among those that a node has had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Term(pub(crate) u64);

/// When a request was sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sent(u64);

impl Tenure {
    /// No lease yet.
    pub(crate) fn new(clock: BootClock) -> Self {
        Self {
            clock,
            term: AtomicU64::new(0),
            until: AtomicU64::new(0),
            looked: AtomicU64::new(u64::MAX),
            granted: AtomicU64::new(0),
            lease: Mutex::default(),
            changed: watch::Sender::new(()),
        }
    }

    /// Of another lease of the same node: no lease yet. [`changes`](Self::changes) of either tell of both.
    #[cfg(feature = "cluster")]
    pub(crate) fn beside(&self) -> Self {
        Self { changed: self.changed.clone(), ..Self::new(self.clock) }
    }

    /// Of a node that is a cluster of its own: nobody else can hold what it holds.
    pub(crate) fn for_ever(clock: BootClock) -> Self {
        let tenure = Self::new(clock);
        tenure.term.store(1, Ordering::Release);
        tenure.until.store(u64::MAX, Ordering::Release);
        tenure
    }

    /// On the clock of leases: since some moment.
    pub(crate) fn now(&self) -> Duration {
        Duration::from_nanos(self.clock.now())
    }

    /// To be asked before a lease is asked for, or renewed.
    pub(crate) fn sends(&self) -> Sent {
        Sent(self.clock.now())
    }

    /// Another lease was granted, which was asked for then. What was held by the last one is lost.
    pub(crate) fn begin(&self, lease: LeaseNumber, sent: Sent, ttl: Duration) {
        let mut held = lock(&self.lease);
        *held = Some(lease);
        self.granted.store(nanos(ttl), Ordering::Release);
        self.until.store(0, Ordering::Release);
        self.term.fetch_add(1, Ordering::AcqRel);
        self.extend_to(sent, ttl);
        drop(held);
        self.changed.send_replace(());
    }

    /// The lease was renewed.
    pub(crate) fn extend(&self, lease: LeaseNumber, sent: Sent, ttl: Duration) {
        // Whoever renews late must not extend the next one.
        let held = lock(&self.lease);
        if *held == Some(lease) {
            self.extend_to(sent, ttl);
        }
    }

    fn extend_to(&self, Sent(sent): Sent, ttl: Duration) {
        self.until.fetch_max(sent.saturating_add(nanos(ttl - ttl / MARGIN)), Ordering::AcqRel);
    }

    /// The lease is lost, or given up: which it was, if there was one.
    pub(crate) fn end(&self) -> Option<LeaseNumber> {
        let mut held = lock(&self.lease);
        let lease = held.take();
        self.until.store(0, Ordering::Release);
        self.term.fetch_add(1, Ordering::AcqRel);
        drop(held);
        self.changed.send_replace(());
        lease
    }

    /// Whether it is this lease that it tells of: it may have been given up where nobody who renews it was asked.
    pub(crate) fn has(&self, lease: LeaseNumber) -> bool {
        *lock(&self.lease) == Some(lease)
    }

    /// The lease by which an office can be taken now.
    pub(crate) fn present(&self) -> Option<(Term, LeaseNumber)> {
        let held = lock(&self.lease);
        let term = Term(self.term.load(Ordering::Acquire));
        (*held).filter(|_| self.is_in(term)).map(|lease| (term, lease))
    }

    /// How long the last lease lasts after it was last heard, which may be longer than was asked for; nothing before there was one.
    pub(crate) fn granted(&self) -> Duration {
        Duration::from_nanos(self.granted.load(Ordering::Acquire))
    }

    /// Whether it is this lease still, whether or not its time is over.
    pub(crate) fn is_still(&self, term: Term) -> bool {
        self.term.load(Ordering::Acquire) == term.0
    }

    /// Whether this lease certainly goes on now.
    #[inline]
    pub(crate) fn is_in(&self, term: Term) -> bool {
        let is_over = self.clock.now() >= self.until.load(Ordering::Acquire) && !planted(Bug::KeepRole);
        !is_over && self.is_still(term)
    }

    /// For how long the lease certainly goes on yet: not at all, if there is none.
    #[cfg_attr(not(feature = "telemetry"), allow(dead_code, reason = "nothing shows a node"))]
    pub(crate) fn left(&self) -> Duration {
        let until = self.until.load(Ordering::Acquire);
        if until == u64::MAX { Duration::MAX } else { Duration::from_nanos(until.saturating_sub(self.clock.now())) }
    }

    /// Whether it is this lease still, and its time is over this long from now, or before.
    pub(crate) fn ends_within(&self, term: Term, time: Duration) -> bool {
        self.clock.now().saturating_add(nanos(time)) >= self.until.load(Ordering::Acquire) && self.is_still(term)
    }

    /// The same where a handler starts: the clock is looked at once in a tick of the kernel's.
    ///
    /// A look at the clock is as good as new for the rest of its tick, which has 10 ms at most where the machine runs; the margin has at least ten times that. A
    /// process that was stopped and a machine that slept find another tick, and look. Only a virtual machine that stood still as a whole can find the
    /// old one, until its kernel has moved its clock on: a handler that starts then works in vain. No reply gets out by that: what is
    /// released asks [`is_in`](Self::is_in), after the handler has ended; and what a handler does outside is kept apart by its fence.
    #[inline]
    pub(crate) fn is_in_this_tick(&self, term: Term) -> bool {
        let Some(tick) = self.clock.tick() else { return self.is_in(term) };
        // Read before the clock: what the clock says then holds for the rest of this tick.
        let looked = (tick & !TERM) | (term.0 & TERM);
        if self.looked.load(Ordering::Acquire) == looked { self.is_still(term) } else { self.look(term, looked) }
    }

    #[cold]
    fn look(&self, term: Term, looked: u64) -> bool {
        let is_in = self.is_in(term);
        if is_in {
            self.looked.store(looked, Ordering::Release);
        }
        is_in
    }

    /// When what others have promised for so long, when they were asked then, certainly holds no more.
    pub(crate) fn promise_ends(Sent(sent): Sent, lasts: Duration) -> u64 {
        let margin = (lasts / MARGIN).max(PROMISED.min(lasts / 2));
        sent.saturating_add(nanos(lasts - margin))
    }

    /// Whether it is not so late yet.
    pub(crate) fn is_before(&self, end: u64) -> bool {
        self.clock.now() < end
    }

    /// Tells of leases that begin and end.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    const TTL: Duration = Duration::from_secs(5);

    #[tokio::test(start_paused = true)]
    async fn it_counts_from_the_sending_and_ends_before_the_lease_does() {
        let tenure = Tenure::new(BootClock::new(false));
        assert_eq!(tenure.present(), None);
        let sent = tenure.sends();
        advance(Duration::from_secs(2)).await;
        tenure.begin(7, sent, TTL);
        let (term, lease) = tenure.present().unwrap();
        assert_eq!(lease, 7);
        advance(Duration::from_millis(2_499)).await;
        assert!(tenure.is_in(term));
        advance(Duration::from_millis(1)).await;
        assert!(!tenure.is_in(term) && tenure.present().is_none());
        // The registry had not counted: it is the same lease, and goes on.
        tenure.extend(7, tenure.sends(), TTL);
        assert!(tenure.is_in(term));
    }

    #[cfg(feature = "cluster")]
    #[tokio::test]
    async fn a_lease_beside_another_tells_whoever_listens_to_either() {
        let own = Tenure::new(BootClock::new(false));
        let beside = own.beside();
        let mut changes = own.changes();
        beside.begin(8, beside.sends(), TTL);
        assert!(changes.has_changed().unwrap());
        changes.mark_unchanged();
        beside.end();
        assert!(changes.has_changed().unwrap());
    }

    #[tokio::test]
    async fn a_look_at_the_clock_is_good_for_one_tick_and_one_term() {
        let tenure = Tenure::new(BootClock::new(true));
        tenure.begin(1, tenure.sends(), TTL);
        let (first, _) = tenure.present().unwrap();
        assert!(tenure.is_in_this_tick(first));
        tenure.begin(2, tenure.sends(), TTL);
        let (second, _) = tenure.present().unwrap();
        assert!(!tenure.is_in_this_tick(first) && tenure.is_in_this_tick(second));
        // It ends while nobody looks; in the next tick that is seen.
        tenure.until.store(tenure.sends().0, Ordering::Release);
        let begun = tokio::time::Instant::now();
        while tenure.is_in_this_tick(second) {
            assert!(begun.elapsed() < Duration::from_secs(10), "it is never looked at again");
        }
        assert!(tenure.is_still(second));
        tenure.end();
        assert!(!tenure.is_in_this_tick(second));
    }

    #[tokio::test(start_paused = true)]
    async fn a_tick_is_as_long_where_time_is_simulated() {
        let tenure = Tenure::new(BootClock::new(false));
        tenure.begin(1, tenure.sends(), TTL);
        let (term, _) = tenure.present().unwrap();
        // Its time is over in the middle of a tick.
        tenure.until.store(6_000_000, Ordering::Release);
        let mut seen = Vec::new();
        for _ in 0..4 {
            seen.push((tenure.is_in_this_tick(term), tenure.is_in(term)));
            advance(Duration::from_millis(2)).await;
        }
        assert_eq!(seen, [(true, true), (true, true), (true, true), (true, false)]);
        // No later tick is taken for the one of the last look.
        for tick in 0..64 {
            assert!(!tenure.is_in_this_tick(term), "{tick} ticks later");
            advance(Duration::from_millis(4)).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_of_one_lease_goes_on_in_the_next() {
        let tenure = Tenure::new(BootClock::new(false));
        tenure.begin(1, tenure.sends(), TTL);
        let (first, _) = tenure.present().unwrap();
        let late = tenure.sends();
        tenure.end();
        assert!(!tenure.is_in(first));
        // A renewal that is answered late is nobody's.
        tenure.extend(1, late, TTL);
        assert_eq!(tenure.present(), None);
        tenure.begin(2, tenure.sends(), TTL);
        assert!(!tenure.is_in(first) && !tenure.is_still(first));
        tenure.extend(1, late, Duration::from_secs(1000));
        advance(TTL).await;
        assert_eq!(tenure.present(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn whose_lease_it_is_does_not_depend_on_its_time_and_each_change_is_told() {
        let tenure = Tenure::new(BootClock::new(false));
        let mut changes = tenure.changes();
        assert!(!tenure.has(7) && !changes.has_changed().unwrap());
        tenure.begin(7, tenure.sends(), TTL);
        assert!(changes.has_changed().unwrap());
        changes.mark_unchanged();
        let (term, _) = tenure.present().unwrap();
        tenure.extend(7, tenure.sends(), TTL);
        assert!(!changes.has_changed().unwrap(), "a renewal is none");
        advance(TTL).await;
        assert!(tenure.has(7) && !tenure.has(8) && tenure.is_still(term) && !tenure.is_in(term));
        tenure.end();
        assert!(!tenure.has(7) && !tenure.is_still(term) && changes.has_changed().unwrap());
    }
}
