//! How many are at work at once: workers that are taken and given back, and the line of those who found none.
//!
//! ```text
//!             try_take, poll_take: fewer at work than the limit, nobody in line
//!   n at work ─────────────────────────────────────────────────────────────────▶ n + 1
//!       ▲                                                                          │
//!       └───────────────────────────── given back ─────────────────────────────────┘
//!               somebody is in line: the first who has not been woken is, and tries again
//! ```
//!
//! A worker that is given back belongs to nobody: whoever comes may take it, also while a task that was woken for it cannot run, because its
//! thread is blocked. Those behind that one in line sleep on meanwhile: one is woken for each worker. Who comes, and has lost the one that
//! he was woken for, is owed the next: nobody behind him takes that. So from when it has run again a task loses none.
//!
//! Who was woken, and has not been polled since, is not in line yet, and waits all the same: see [`asked`](super::asked).
//!
//! One word has the limit, how many are at work, and how many are in line. Who joins the line finds out by the same step that there is no
//! worker: so whoever gives one back sees him. Those in line, and the limit, change under the lock of the line only.

use std::{
    collections::VecDeque,
    sync::Arc as StdArc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use super::{
    asked::{Ask, Asks, noticed},
    sync::{Arc, AtomicU64, Instant, Mutex, Ordering, guard},
    waits::Waits,
};

/// The word: 20 bits for those at work, 20 for those in line, and the limit. No service has more than 65,535 shards.
const AT_WORK: u64 = 1;
const IN_LINE: u64 = 1 << 20;
const LIMIT: u64 = 1 << 40;
const MASK: u64 = IN_LINE - 1;

fn at_work(word: u64) -> u64 {
    word & MASK
}

fn in_line(word: u64) -> u64 {
    (word / IN_LINE) & MASK
}

fn limit(word: u64) -> u64 {
    word / LIMIT
}

/// Workers, and who waits for one.
pub(crate) struct Limit {
    word: AtomicU64,
    least: u16,
    most: u16,
    line: Mutex<Line>,
    waits: Mutex<Waits>,
    asks: Asks,
}

#[derive(Default)]
struct Line {
    /// In the order in which they came, so in that of their numbers.
    all: VecDeque<Waiting>,
    next: u64,
    /// How many of them are owed a worker.
    owed: usize,
}

struct Waiting {
    number: u64,
    /// Which shard it is, say.
    #[allow(dead_code, reason = "tests ask who is in line")]
    who: u16,
    waker: Waker,
    /// It was woken, and has not been there since.
    woken: bool,
    /// It came because it was woken, and there was none.
    owed: bool,
    /// Since it was woken, which was before it came.
    since: Instant,
}

/// A worker that was taken. Dropped, it is given back.
#[must_use]
pub(crate) struct AtWork<'a>(&'a Limit);

/// The place in line of one task, or none. Dropped, it is left.
pub(crate) struct InLine {
    limit: Arc<Limit>,
    who: u16,
    number: Option<u64>,
    ask: StdArc<Ask>,
}

impl Limit {
    /// From `least` to `most` workers, of which there are `least` to begin with.
    pub(crate) fn new(least: u16, most: u16) -> Self {
        Self {
            word: AtomicU64::new(u64::from(least) * LIMIT),
            least,
            most,
            line: Mutex::new(Line::default()),
            waits: Mutex::new(Waits::new()),
            asks: Asks::new(),
        }
    }

    /// A worker, if there is one and nobody waits for it.
    #[inline]
    pub(crate) fn try_take(&self) -> Option<AtWork<'_>> {
        let mut word = self.word.load(Ordering::Relaxed);
        while in_line(word) == 0 && at_work(word) < limit(word) {
            match self.step(word, word + AT_WORK) {
                Ok(()) => return Some(AtWork(self)),
                Err(now) => word = now,
            }
        }
        None
    }

    #[inline]
    fn step(&self, from: u64, to: u64) -> Result<(), u64> {
        self.word.compare_exchange(from, to, Ordering::AcqRel, Ordering::Relaxed).map(drop)
    }

    /// A worker, with how long it was waited for, or a place in line: the task is woken when there may be one.
    #[inline]
    pub(crate) fn poll_take<'a>(
        &'a self,
        place: &mut InLine,
        task: &Context<'_>,
    ) -> Poll<(AtWork<'a>, Option<Duration>)> {
        if place.number.is_none()
            && let Some(worker) = self.try_take()
        {
            return Poll::Ready((worker, place.ask.works()));
        }
        self.poll_in_line(place, task)
    }

    #[cold]
    fn poll_in_line<'a>(&'a self, place: &mut InLine, task: &Context<'_>) -> Poll<(AtWork<'a>, Option<Duration>)> {
        let mut line = guard(&self.line);
        let own = place.number.and_then(|number| line.find(number));
        let owed = own.map_or(line.owed, |own| line.all.iter().take(own).filter(|before| before.owed).count()) as u64;
        let (leaves, joins) = if own.is_some() { (IN_LINE, 0) } else { (0, IN_LINE) };
        let mut word = self.word.load(Ordering::Relaxed);
        loop {
            let is_free = at_work(word) + owed < limit(word);
            let next = if is_free { word + AT_WORK - leaves } else { word + joins };
            match self.step(word, next) {
                Ok(()) if is_free => break,
                Ok(()) => {
                    match own {
                        Some(own) => line.stay(own, task.waker()),
                        None => place.number = Some(line.join(place.who, task.waker(), place.ask.stands())),
                    }
                    return Poll::Pending;
                }
                Err(now) => word = now,
            }
        }
        place.number = None;
        let without_line = place.ask.works();
        let waited = own.and_then(|own| line.leave(own)).map(|waiting| waiting.since.elapsed());
        Poll::Ready((AtWork(self), waited.or(without_line)))
    }

    /// Wakes so many of those in line who have not been, if there are workers for them.
    #[cold]
    fn wake(&self, workers: usize) {
        let mut line = guard(&self.line);
        let word = self.word.load(Ordering::Relaxed);
        let free = limit(word).saturating_sub(at_work(word)) as usize;
        let asleep = line.all.iter_mut().filter(|waiting| !waiting.woken);
        let wakers: Vec<Waker> = asleep
            .take(workers.min(free))
            .map(|waiting| {
                waiting.woken = true;
                waiting.waker.clone()
            })
            .collect();
        drop(line);
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Moves the limit, into its bounds; what it is now. Those at work end what they do.
    pub(crate) fn set(&self, workers: u32) -> u32 {
        let (least, most) = self.bounds();
        let workers = workers.clamp(least, most);
        let line = guard(&self.line);
        let mut word = self.word.load(Ordering::Relaxed);
        while let Err(now) = self.step(word, word % LIMIT + u64::from(workers) * LIMIT) {
            word = now;
        }
        drop(line);
        let more = u64::from(workers).saturating_sub(limit(word));
        if more > 0 {
            self.wake(more as usize);
        }
        workers
    }

    pub(crate) fn bounds(&self) -> (u32, u32) {
        (self.least.into(), self.most.into())
    }

    pub(crate) fn now(&self) -> u32 {
        limit(self.word.load(Ordering::Relaxed)) as u32
    }

    /// How many are at work.
    pub(crate) fn busy(&self) -> u32 {
        at_work(self.word.load(Ordering::Relaxed)) as u32
    }

    /// How many are in line.
    pub(crate) fn in_line(&self) -> u32 {
        in_line(self.word.load(Ordering::Relaxed)) as u32
    }

    /// Who is in line.
    #[cfg(test)]
    pub(crate) fn waiting(&self) -> Vec<u16> {
        guard(&self.line).all.iter().map(|waiting| waiting.who).collect()
    }

    /// How many wait for a worker: in line, or for a thread that polls them.
    pub(crate) fn queued(&self) -> usize {
        self.in_line() as usize + self.asks.count()
    }

    /// How long the one of these has waited that has waited longest.
    pub(crate) fn oldest(&self) -> Option<Duration> {
        self.all_waiting().into_iter().max()
    }

    /// How long each of these has waited.
    fn all_waiting(&self) -> Vec<Duration> {
        let mut all = self.asks.waiting();
        all.extend(guard(&self.line).all.iter().map(|waiting| waiting.since.elapsed()));
        all
    }

    /// One has waited for so long.
    pub(crate) fn note(&self, waited: Duration) {
        guard(&self.waits).note(waited, 1);
    }

    /// The 99th percentile of those waits since it was last asked for, where so `many` were handled. Those who wait still have
    /// waited for as long as they do: where all is jammed there are no others.
    pub(crate) fn wait_p99(&self, many: u64) -> Option<Duration> {
        let waiting = self.all_waiting();
        let mut waits = guard(&self.waits);
        let all = many.saturating_add(waiting.len() as u64);
        waiting.into_iter().for_each(|waited| waits.note(waited, 1));
        waits.take(99, all)
    }
}

impl Line {
    fn find(&self, number: u64) -> Option<usize> {
        self.all.binary_search_by_key(&number, |waiting| waiting.number).ok()
    }

    fn join(&mut self, who: u16, waker: &Waker, waited: Duration) -> u64 {
        let number = self.next;
        self.next += 1;
        let now = Instant::now();
        let (waker, since) = (waker.clone(), now.checked_sub(waited).unwrap_or(now));
        self.all.push_back(Waiting { number, who, waker, woken: false, owed: false, since });
        number
    }

    fn stay(&mut self, own: usize, waker: &Waker) {
        let waiting = &mut self.all[own];
        if std::mem::take(&mut waiting.woken) && !waiting.owed {
            waiting.owed = true;
            self.owed += 1;
        }
        if !waiting.waker.will_wake(waker) {
            waiting.waker.clone_from(waker);
        }
    }

    fn leave(&mut self, own: usize) -> Option<Waiting> {
        let left = self.all.remove(own)?;
        self.owed -= usize::from(left.owed);
        Some(left)
    }
}

impl Drop for AtWork<'_> {
    #[inline]
    fn drop(&mut self) {
        if in_line(self.0.word.fetch_sub(AT_WORK, Ordering::AcqRel)) > 0 {
            self.0.wake(1);
        }
    }
}

impl InLine {
    /// No place yet, of a task that is going to be polled for the first time.
    pub(crate) fn new(limit: Arc<Limit>, who: u16) -> Self {
        let ask = limit.asks.enter(who);
        Self { limit, who, number: None, ask }
    }

    /// What wakes the task: by this it is known since when it wants a worker.
    pub(crate) fn waker(&self, task: &Waker) -> Waker {
        noticed(&self.ask, task)
    }

    /// The task has been polled, and its worker has been given back.
    pub(crate) fn rests(&self) {
        self.ask.rests();
    }

    /// What it is for.
    pub(crate) fn limit(&self) -> &Arc<Limit> {
        &self.limit
    }
}

impl Drop for InLine {
    fn drop(&mut self) {
        self.limit.asks.leave(self.who, &self.ask);
        let Some(number) = self.number.take() else { return };
        let mut line = guard(&self.limit.line);
        if let Some(own) = line.find(number) {
            line.leave(own);
            self.limit.word.fetch_sub(IN_LINE, Ordering::AcqRel);
        }
        drop(line);
        // What it was woken for, or what it was owed, is for the next.
        self.limit.wake(1);
    }
}

impl std::fmt::Debug for Limit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let word = self.word.load(Ordering::Relaxed);
        write!(f, "Limit({} of {} at work, {} in line)", at_work(word), limit(word), in_line(word))
    }
}
