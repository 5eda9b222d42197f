//! A wheel with a clock and a lock: the timers of some of a node's services.

use std::{sync::Mutex, time::Duration};

use tokio::{sync::Notify, time::Instant};

use super::{
    beat::{Beat, nanos},
    wheel::{Key, Step, Wheel},
};
use crate::{
    actor::{Again, RouteFn, Tick},
    clock::LONGEST,
    sync::lock,
};

/// A tick of the wheel, in nanoseconds.
const TICK: u64 = 1_000_000;

/// Steps for which the lock is held at once, and after which others have their turn.
pub(super) const STEPS: usize = 64;

/// One timer.
pub(super) struct Timed {
    pub(super) repeat: Repeat,
    pub(super) what: What,
    /// What it does, if that is not the owner's to know, and not being done.
    pub(super) action: Option<Again>,
    /// A tick of it waits or runs.
    pub(super) under_way: bool,
}

/// When it is due.
pub(super) enum Repeat {
    Once,
    Beats(Box<Beat>),
    /// Its owner says.
    #[cfg_attr(not(feature = "cron"), expect(dead_code, reason = "only the calendar is asked"))]
    Asks,
}

/// What the owner is to do when it is due.
#[derive(Clone, Copy)]
pub(super) enum What {
    /// The timer of this number.
    Declared(usize),
    /// An action of this unit, made by this method.
    Made(RouteFn, &'static str),
}

/// A timer whose time has come.
pub(super) struct Due<G> {
    pub(super) key: Key,
    pub(super) owner: G,
    pub(super) what: What,
    /// `None` while the last one is under way.
    pub(super) tick: Option<Tick>,
    /// So many were left out.
    pub(super) overruns: u64,
    /// The owner says whether it really has come.
    pub(super) asks: bool,
}

/// What there is to do for whoever drives the wheel.
pub(super) enum Pause {
    /// More, when others have had their turn.
    Turn,
    /// Nothing before then; `None`: before somebody rings.
    Until(Option<Instant>),
    /// Nothing any more.
    Over,
}

/// `G` are owners. None of their code, nor of their values' `drop`, runs under the lock.
pub(super) struct Shard<G> {
    state: Mutex<State<G>>,
    /// Of the wheel's tick 0.
    origin: Instant,
    /// Rung when something is due before whoever drives the wheel would look.
    pub(super) bell: Notify,
}

struct State<G> {
    wheel: Wheel<Timed, G>,
    /// The tick at which whoever drives the wheel looks again. It looks at once, if it is 0.
    wakes: u64,
    /// Somebody drives the wheel.
    driven: bool,
    /// Whoever drives it ends as soon as nothing is left.
    closed: bool,
}

impl<G: Clone> Shard<G> {
    pub(super) fn new(closed: bool) -> Self {
        let state = State { wheel: Wheel::new(), wakes: 0, driven: false, closed };
        Self { state: Mutex::new(state), origin: Instant::now(), bell: Notify::new() }
    }

    /// Nanoseconds since the wheel's tick 0.
    pub(super) fn now(&self) -> u64 {
        nanos(self.origin.elapsed())
    }

    /// The same, in a while.
    pub(super) fn after(&self, delay: Duration) -> u64 {
        self.later(self.now(), delay)
    }

    /// So long after `now`.
    pub(super) fn later(&self, now: u64, delay: Duration) -> u64 {
        now.saturating_add(nanos(delay.min(LONGEST)))
    }

    pub(super) fn open(&self, owner: G) -> u32 {
        lock(&self.state).wheel.open(owner)
    }

    /// Keeps a timer of the group. Its key, and whether nobody drives the wheel: then somebody must.
    ///
    /// # Errors
    /// The group has ended.
    pub(super) fn arm(&self, group: u32, at: u64, timed: Timed) -> Result<(Key, bool), Timed> {
        let when = at.div_ceil(TICK);
        let mut state = lock(&self.state);
        let key = state.wheel.insert(group, when, timed)?;
        let is_undriven = !std::mem::replace(&mut state.driven, true);
        let rings = state.sooner(when);
        drop(state);
        if rings {
            self.bell.notify_one();
        }
        Ok((key, is_undriven))
    }

    /// Arms a timer again.
    pub(super) fn rearm(&self, key: Key, at: u64) {
        let when = at.div_ceil(TICK);
        let mut state = lock(&self.state);
        state.wheel.rearm(key, when);
        let rings = state.sooner(when);
        drop(state);
        if rings {
            self.bell.notify_one();
        }
    }

    /// Takes a timer away, due or not.
    pub(super) fn remove(&self, key: Key) -> Option<Timed> {
        let mut state = lock(&self.state);
        let removed = state.wheel.remove(key);
        let is_over = state.is_over();
        drop(state);
        if is_over {
            self.bell.notify_one();
        }
        removed
    }

    /// Whether no tick of it is to be delivered any more.
    pub(super) fn is_over(&self, key: Key) -> bool {
        let state = lock(&self.state);
        state.wheel.get(key).is_none_or(|timed| timed.under_way && matches!(timed.repeat, Repeat::Once))
    }

    /// Takes some of a group's timers away.
    ///
    /// # Errors
    /// There are no more: the group has ended, and this was its owner.
    pub(super) fn end(&self, group: u32) -> Result<Vec<Timed>, Option<G>> {
        let mut state = lock(&self.state);
        let some: Vec<Timed> = std::iter::from_fn(|| state.wheel.take_of(group)).take(STEPS).collect();
        if !some.is_empty() {
            return Ok(some);
        }
        let owner = state.wheel.close(group);
        let is_over = state.is_over();
        drop(state);
        if is_over {
            self.bell.notify_one();
        }
        Err(owner)
    }

    /// Takes what a timer does, to do it now. One that comes once is over.
    pub(super) fn take(&self, key: Key) -> Option<Again> {
        let mut state = lock(&self.state);
        let timed = state.wheel.get_mut(key)?;
        match timed.repeat {
            Repeat::Once => state.wheel.remove(key)?.action,
            Repeat::Beats(_) | Repeat::Asks => timed.action.take(),
        }
    }

    /// Gives what a timer does back to it. If it is over, it is given back to whoever had it.
    pub(super) fn put_back(&self, key: Key, action: Again) -> Option<Again> {
        match lock(&self.state).wheel.get_mut(key) {
            Some(timed) => {
                timed.action = Some(action);
                None
            }
            None => Some(action),
        }
    }

    /// The tick that was under way is over; it `ran`, or did not. What is due now, and what is to be dropped.
    pub(super) fn over(&self, key: Key, ran: bool) -> (Option<Due<G>>, Option<Again>) {
        let mut state = lock(&self.state);
        let Some(timed) = state.wheel.get_mut(key) else { return (None, None) };
        let tick = match &mut timed.repeat {
            Repeat::Once => return (None, state.wheel.remove(key).and_then(|timed| timed.action)),
            Repeat::Beats(beat) if ran => beat.owed(),
            Repeat::Beats(_) | Repeat::Asks => None,
        };
        timed.under_way = tick.is_some();
        (tick.and_then(|tick| state.due(key, (Some(tick), 0), false)), None)
    }

    /// Takes out some of what is due.
    pub(super) fn expire(&self, out: &mut Vec<Due<G>>) -> Pause {
        let now = self.now();
        let mut state = lock(&self.state);
        for _ in 0..STEPS {
            match state.wheel.step(now / TICK) {
                Step::Due(key) => out.extend(state.come(key, now)),
                Step::Moved => {}
                Step::Idle(next) => {
                    state.wakes = next.unwrap_or(u64::MAX);
                    if state.is_over() {
                        (state.driven, state.wakes) = (false, 0);
                        return Pause::Over;
                    }
                    return Pause::Until(next.map(|tick| self.origin + Duration::from_millis(tick)));
                }
            }
        }
        state.wakes = 0;
        Pause::Turn
    }

    /// From now on nobody drives it while nothing is left.
    pub(super) fn close(&self) {
        let mut state = lock(&self.state);
        state.closed = true;
        drop(state);
        self.bell.notify_one();
    }
}

impl<G: Clone> State<G> {
    /// Whether whoever drives the wheel must be told of what is due at this tick.
    fn sooner(&mut self, when: u64) -> bool {
        let is_sooner = when < self.wakes;
        if is_sooner {
            self.wakes = when;
        }
        is_sooner
    }

    fn is_over(&self) -> bool {
        self.closed && self.wheel.len() == 0
    }

    /// The time of a timer has come.
    fn come(&mut self, key: Key, now: u64) -> Option<Due<G>> {
        let timed = self.wheel.get_mut(key)?;
        let once = || Tick::new(1, 0, Duration::ZERO);
        let (tick, overruns, again, asks) = match &mut timed.repeat {
            Repeat::Once => (Some(once()), 0, None, false),
            Repeat::Asks => ((!timed.under_way).then(once), 0, None, true),
            Repeat::Beats(beat) => {
                let (tick, overruns) = beat.come(now, timed.under_way);
                (tick, overruns, Some(beat.due), false)
            }
        };
        timed.under_way |= tick.is_some();
        if let Some(due) = again {
            self.wheel.rearm(key, due.div_ceil(TICK));
        }
        if tick.is_none() && overruns == 0 && !asks {
            return None;
        }
        self.due(key, (tick, overruns), asks)
    }

    fn due(&self, key: Key, (tick, overruns): (Option<Tick>, u64), asks: bool) -> Option<Due<G>> {
        let (timed, owner) = (self.wheel.get(key)?, self.wheel.group_of(key)?);
        Some(Due { key, owner: owner.clone(), what: timed.what, tick, overruns, asks })
    }
}
