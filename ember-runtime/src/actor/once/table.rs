//! The table of the calls with an id, bounded in every direction. It has no clock and no lock of its own, and answers nobody.
//!
//! A call is there from when it is let in to when its reply has been stored for its time; one that certainly was not run leaves nothing.
//! What is dropped, because its time is over or because there is no room, leaves a mark: the highest id of its caller that was. An id at
//! or below the mark that is not in the table may have been run, and never is again.

use std::{
    collections::{BTreeMap, HashMap},
    mem,
    time::Duration,
};

use tokio::time::Instant;

use super::reply::Stored;
use crate::{
    clock::LONGEST,
    error::{Failure, LostReason, RefusedReason},
    id::NodeKey,
};

/// A call that is let in drops so many at most whose time is over: the next one goes on.
const DROPPED_AT_ONCE: usize = 64;
/// What a call costs beside the bytes of its reply.
const OVERHEAD: usize = 192;

/// How much is remembered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Replies.
    pub(super) replies: usize,
    /// Their bytes, with what each costs beside them.
    pub(super) bytes: usize,
    /// Calls that run, or wait in the mailbox.
    pub(super) running: usize,
    /// Repetitions that wait for one of them.
    pub(super) repeats: usize,
    /// Callers.
    pub(super) callers: usize,
}

impl Limits {
    pub(super) const DEFAULT: Self =
        Self { replies: 65_536, bytes: 16 << 20, running: 4096, repeats: 16, callers: 16_384 };
}

/// Which call: the run of the node that makes it, `None` if that is this one, and its id there.
pub(super) type CallKey = (Option<NodeKey>, u64);

/// What is called, to tell a repetition from another call with its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Asked {
    /// The place of the method in the table of the service.
    pub(super) method: usize,
    /// A hash of the keys of its module, and of its arguments as they travel.
    pub(super) args: u64,
}

/// What becomes of a call.
#[derive(Debug)]
pub(super) enum Admitted<W> {
    /// It is run.
    First,
    /// It waits for the one that runs.
    Joined,
    /// This is the reply of the first.
    Again(Stored, W),
    /// It is neither run nor answered.
    Refused(Failure, W),
}

/// The table. Whoever waits for a reply is a `W`.
#[derive(Debug)]
pub(super) struct Table<W> {
    limits: Limits,
    calls: HashMap<CallKey, Call<W>>,
    /// Those that have a reply, the first that is dropped first.
    ended: BTreeMap<(Instant, u64), CallKey>,
    callers: HashMap<Option<NodeKey>, Caller>,
    bytes: usize,
    /// Counts the replies: two may be dropped at the same time.
    number: u64,
    /// Replies were dropped before their time.
    is_crowded: bool,
}

#[derive(Debug)]
struct Call<W> {
    asked: Asked,
    course: Course<W>,
}

#[derive(Debug)]
enum Course<W> {
    Runs(Vec<W>),
    Ended(Stored, (Instant, u64)),
}

#[derive(Debug, Default)]
struct Caller {
    calls: usize,
    /// The highest id of a call that was dropped.
    mark: Option<u64>,
}

impl<W> Table<W> {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            calls: HashMap::new(),
            ended: BTreeMap::new(),
            callers: HashMap::new(),
            bytes: 0,
            number: 0,
            is_crowded: false,
        }
    }

    /// Lets a call in, for whose reply `waiter` waits.
    pub(super) fn admit(&mut self, key: CallKey, asked: Asked, waiter: W, now: Instant) -> Admitted<W> {
        self.drop_old(now);
        if let Some(Call { course: Course::Ended(_, at), .. }) = self.calls.get(&key)
            && at.0 <= now
        {
            self.forget(*at);
        }
        if let Some(call) = self.calls.get_mut(&key) {
            if call.asked != asked {
                let what = if call.asked.method == asked.method { "with other arguments" } else { "of another method" };
                let why = format!("the id {} stands for a call {what}: give each call an id of its own", key.1);
                return Admitted::Refused(RefusedReason::NotOnce(why).into(), waiter);
            }
            return match &mut call.course {
                Course::Ended(reply, _) => Admitted::Again(reply.clone(), waiter),
                // The first is the one that runs.
                Course::Runs(waiters) if waiters.len() > self.limits.repeats => {
                    let limit = self.limits.repeats as u64;
                    Admitted::Refused(LostReason::TooManyRepeats { limit }.into(), waiter)
                }
                Course::Runs(waiters) => {
                    waiters.push(waiter);
                    Admitted::Joined
                }
            };
        }
        let (caller, id) = key;
        if self.callers.get(&caller).and_then(|it| it.mark).is_some_and(|mark| id <= mark) {
            return Admitted::Refused(LostReason::Forgotten.into(), waiter);
        }
        if self.calls.len() - self.ended.len() >= self.limits.running {
            return Admitted::Refused(too_many(self.limits.running, "such calls that run still"), waiter);
        }
        if !self.callers.contains_key(&caller) {
            self.drop_earlier_runs(caller);
            if self.callers.len() >= self.limits.callers {
                return Admitted::Refused(too_many(self.limits.callers, "nodes that have made such calls"), waiter);
            }
        }
        self.callers.entry(caller).or_default().calls += 1;
        self.calls.insert(key, Call { asked, course: Course::Runs(vec![waiter]) });
        Admitted::First
    }

    /// A call has ended: with a reply, which is stored for so long, or without having been run. Gives back who waits for it.
    pub(super) fn end(&mut self, key: CallKey, reply: Option<(Stored, Duration)>, now: Instant) -> Vec<W> {
        let Some(Call { course: Course::Runs(waiters), .. }) = self.calls.get_mut(&key) else { return Vec::new() };
        let waiters = mem::take(waiters);
        let Some((reply, window)) = reply else {
            self.remove(key, None);
            return waiters;
        };
        let at = (now + window.min(LONGEST), self.number);
        self.number += 1;
        self.bytes += OVERHEAD + reply.len();
        if let Some(call) = self.calls.get_mut(&key) {
            call.course = Course::Ended(reply, at);
        }
        self.ended.insert(at, key);
        while self.ended.len() > self.limits.replies || self.bytes > self.limits.bytes {
            let Some((&oldest, _)) = self.ended.first_key_value() else { break };
            self.is_crowded |= oldest.0 > now;
            self.forget(oldest);
        }
        waiters
    }

    /// Whether nobody waits for the reply of this call any more, of whom `is_gone` says so.
    pub(super) fn is_unwanted(&self, key: CallKey, is_gone: impl Fn(&W) -> bool) -> bool {
        match self.calls.get(&key) {
            Some(Call { course: Course::Runs(waiters), .. }) => waiters.iter().all(is_gone),
            _ => true,
        }
    }

    /// Whether replies have been dropped before their time since this was last asked.
    pub(super) fn take_crowded(&mut self) -> bool {
        mem::take(&mut self.is_crowded)
    }

    fn drop_old(&mut self, now: Instant) {
        for _ in 0..DROPPED_AT_ONCE {
            match self.ended.first_key_value() {
                Some((&at, _)) if at.0 <= now => self.forget(at),
                _ => return,
            }
        }
    }

    /// Drops the reply that was to be dropped at `at`.
    fn forget(&mut self, at: (Instant, u64)) {
        if let Some(key) = self.ended.remove(&at) {
            self.remove(key, Some(key.1));
        }
    }

    /// Removes a call, which leaves this mark.
    fn remove(&mut self, key: CallKey, mark: Option<u64>) {
        if let Some(Call { course: Course::Ended(reply, _), .. }) = self.calls.remove(&key) {
            self.bytes -= OVERHEAD + reply.len();
        }
        if let Some(caller) = self.callers.get_mut(&key.0) {
            caller.calls -= 1;
            caller.mark = caller.mark.max(mark);
            if caller.calls == 0 && caller.mark.is_none() {
                self.callers.remove(&key.0);
            }
        }
    }

    /// A run of a node that has not called before: those before it have ended, and repeat nothing.
    fn drop_earlier_runs(&mut self, caller: Option<NodeKey>) {
        let Some(new) = caller else { return };
        self.callers.retain(|of, it| it.calls > 0 || of.is_none_or(|of| of.id != new.id));
    }
}

fn too_many(limit: usize, of: &str) -> Failure {
    RefusedReason::TooManyOnce { limit: limit as u64, of: of.into() }.into()
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
