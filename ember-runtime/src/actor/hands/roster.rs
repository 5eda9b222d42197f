//! The workers of a service: how many may be at work, how many are, what waits for them, and the bodies that they work with. Whoever looks
//! after it is told how many to make; what a worker does with a piece is its own business. `tests/loom` runs this very file under loom.

use std::collections::BTreeMap;

use super::lines::Lines;

/// So many pieces of work, of bodies that run them, and of handles that end workers.
#[derive(Debug)]
pub(crate) struct Roster<T, B, H> {
    pub(crate) lines: Lines<T>,
    /// Those that nobody uses.
    pub(crate) bodies: Vec<B>,
    /// Those at work as tasks, by their numbers. `None` until the handle is there.
    tasks: BTreeMap<u64, Option<H>>,
    last: u64,
    bounds: (u32, u32),
    limit: u32,
    /// Those at work, tasks or not.
    busy: u32,
    /// Of these, tasks that have been made and have taken nothing yet.
    coming: u32,
    phase: Phase,
    /// Whoever finds a worker free may be one, if only its work is not ready.
    pub(crate) admits: bool,
    /// A handler has failed.
    pub(crate) failed: bool,
    /// One has asked for the end.
    pub(crate) stops: bool,
    /// Nothing more will come.
    pub(crate) over: bool,
}

/// Whether pieces may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// There is no state, or one that nobody may use.
    Shut,
    Open,
    /// None begins; those under way go on.
    Ebbing,
    /// Those under way are to end too.
    Cut,
}

/// What a worker has taken.
#[derive(Debug)]
pub(crate) struct Piece<T, B> {
    pub(crate) key: Option<u64>,
    pub(crate) piece: T,
    /// `None`: one is to be made.
    pub(crate) body: Option<B>,
}

/// What whoever looks after the workers is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    Failed,
    Stops,
    /// All that ever came has been done.
    Over,
}

impl<T, B, H> Roster<T, B, H> {
    /// Shut, with as many as the lower bound says.
    pub(crate) const fn new(bounds: (u32, u32)) -> Self {
        Self {
            lines: Lines::new(),
            bodies: Vec::new(),
            tasks: BTreeMap::new(),
            last: 0,
            bounds,
            limit: bounds.0,
            busy: 0,
            coming: 0,
            phase: Phase::Shut,
            admits: false,
            failed: false,
            stops: false,
            over: false,
        }
    }

    /// Pieces may begin, with this body.
    pub(crate) fn open(&mut self, body: B) {
        (self.failed, self.stops) = (false, false);
        self.bodies.push(body);
        self.phase = Phase::Open;
    }

    /// The number of a worker that the caller is to make, if one more would have something to do.
    pub(crate) fn recruit(&mut self) -> Option<u64> {
        let needed = self.phase == Phase::Open && self.busy < self.limit && self.lines.ready() > self.coming as usize;
        needed.then(|| {
            self.busy += 1;
            self.coming += 1;
            self.enlist()
        })
    }

    /// The number of a worker that the caller is to make of what he has [begun](Self::pass).
    pub(crate) fn enlist(&mut self) -> u64 {
        self.last += 1;
        self.tasks.insert(self.last, None);
        self.last
    }

    /// The worker of this number has been made. The handle comes back if it is to end.
    pub(crate) fn made(&mut self, number: u64, handle: H) -> Option<H> {
        // It may have ended already.
        let place = self.tasks.get_mut(&number)?;
        if self.phase == Phase::Cut {
            return Some(handle);
        }
        *place = Some(handle);
        None
    }

    /// A worker takes what is next; it is its first if it `comes`. `None`: there is nothing for it, and it is none any more.
    pub(crate) fn take(&mut self, number: u64, comes: bool) -> Option<Piece<T, B>> {
        self.coming -= u32::from(comes);
        let taken = if self.phase == Phase::Open && self.busy <= self.limit { self.lines.take() } else { None };
        let Some((key, piece)) = taken else {
            self.leave(Some(number));
            return None;
        };
        Some(Piece { key, piece, body: self.bodies.pop() })
    }

    /// Somebody begins what has not waited, with a body, or one that he makes. `None`: it must wait.
    pub(crate) fn pass(&mut self, key: Option<u64>) -> Option<Option<B>> {
        let may = self.admits && self.phase == Phase::Open && self.busy < self.limit && self.lines.pass(key);
        may.then(|| {
            self.busy += 1;
            self.bodies.pop()
        })
    }

    /// A piece of this key has been done. The body is lost with what has panicked around the handler, or was dropped; it comes back if there
    /// are as many as workers.
    pub(crate) fn done(&mut self, key: Option<u64>, body: Option<B>) -> Option<B> {
        self.lines.done(key);
        let body = body?;
        if self.bodies.len() >= self.limit as usize {
            return Some(body);
        }
        self.bodies.push(body);
        None
    }

    /// A worker, or somebody who was one for a piece, is none any more.
    pub(crate) fn leave(&mut self, number: Option<u64>) {
        self.busy -= 1;
        if let Some(number) = number {
            self.tasks.remove(&number);
        }
    }

    /// The same of one that has never taken anything.
    pub(crate) fn leave_unused(&mut self, number: u64) {
        self.coming -= 1;
        self.leave(Some(number));
    }

    /// No piece begins any more.
    pub(crate) fn ebb(&mut self) {
        if self.phase == Phase::Open {
            self.phase = Phase::Ebbing;
        }
    }

    /// The same, and those under way are to end: by these handles, and those that are still to come.
    pub(crate) fn cut(&mut self) -> Vec<H> {
        self.phase = Phase::Cut;
        self.tasks.values_mut().filter_map(Option::take).collect()
    }

    /// What is to be done. Nobody is at work when it is [`Event::Over`].
    pub(crate) fn event(&self) -> Option<Event> {
        if self.failed {
            Some(Event::Failed)
        } else if self.stops {
            Some(Event::Stops)
        } else {
            (self.over && self.busy == 0 && self.lines.waiting() == 0).then_some(Event::Over)
        }
    }

    /// Nobody is at work any more, and nobody is to be.
    pub(crate) fn is_done(&self) -> bool {
        self.busy == 0 && matches!(self.phase, Phase::Ebbing | Phase::Cut)
    }

    /// All bodies, if nobody is at work: then there will be none until it is [opened](Self::open) again.
    pub(crate) fn close(&mut self) -> Option<Vec<B>> {
        (self.busy == 0).then(|| {
            self.phase = Phase::Shut;
            std::mem::take(&mut self.bodies)
        })
    }

    pub(crate) const fn bounds(&self) -> (u32, u32) {
        self.bounds
    }

    pub(crate) const fn limit(&self) -> u32 {
        self.limit
    }

    /// Moves the limit, within its bounds.
    pub(crate) fn set(&mut self, limit: u32) -> u32 {
        self.limit = limit.clamp(self.bounds.0, self.bounds.1);
        self.limit
    }

    pub(crate) const fn busy(&self) -> u32 {
        self.busy
    }
}
