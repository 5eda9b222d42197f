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

use super::callers::{CallerKey, Callers};
use crate::{
    clock::LONGEST,
    error::{Failure, LostReason, RefusedReason},
    id::NodeKey,
    message::Stored,
};

/// A call that is let in drops so many at most whose time is over: the next one goes on.
const DROPPED_AT_ONCE: usize = 64;
/// What a call costs beside the bytes of its reply.
const OVERHEAD: usize = 192;
/// That replies are dropped before their time is said once in so long.
const SAID_EVERY: Duration = Duration::from_secs(60);

/// How much is remembered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Replies.
    pub(super) replies: usize,
    /// Their bytes, with what each costs beside them.
    pub(super) bytes: usize,
    /// The bytes of one. A larger one is told, and not stored: it would drive out too many others.
    pub(super) reply: usize,
    /// Calls that run, or wait in the mailbox.
    pub(super) running: usize,
    /// Repetitions that wait for one of them.
    pub(super) repeats: usize,
    /// Callers.
    pub(super) callers: usize,
}

impl Limits {
    pub(super) const DEFAULT: Self =
        Self { replies: 65_536, bytes: 16 << 20, reply: 1 << 20, running: 4096, repeats: 16, callers: 16_384 };
}

/// Which call: who makes it, and its id there.
pub(super) type CallKey = (CallerKey, u64);

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
    /// Those that have a reply, the one whose time is over first first.
    ended: BTreeMap<(Instant, u64), CallKey>,
    callers: Callers,
    bytes: usize,
    /// Counts the replies: the time of two may be over at once.
    number: u64,
    /// Replies were dropped before their time.
    is_crowded: bool,
    /// When that was said last.
    said: Option<Instant>,
    /// Who waited for a call that runs still, and has gone.
    gone: Vec<W>,
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

impl<W> Table<W> {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            calls: HashMap::new(),
            ended: BTreeMap::new(),
            callers: Callers::default(),
            bytes: 0,
            number: 0,
            is_crowded: false,
            said: None,
            gone: Vec::new(),
        }
    }

    /// Lets a call in, for whose reply `waiter` waits. `is_gone` says of one that it waits no more; `is_known` of a run of a node that it
    /// may still call.
    pub(super) fn admit(
        &mut self,
        key: CallKey,
        (asked, waiter): (Asked, W),
        now: Instant,
        is_gone: impl Fn(&W) -> bool,
        is_known: impl Fn(NodeKey) -> bool,
    ) -> Admitted<W> {
        self.drop_old(now);
        if matches!(self.calls.get(&key), Some(Call { course: Course::Ended(_, at), .. }) if at.0 <= now) {
            self.forget(key);
        }
        if let Some(call) = self.calls.get_mut(&key) {
            if call.asked != asked {
                let what = if call.asked.method == asked.method { "with other arguments" } else { "of another method" };
                let why = format!("the id {} stands for a call {what}: give each call an id of its own", key.1);
                return Admitted::Refused(RefusedReason::NotOnce(why).into(), waiter);
            }
            return match &mut call.course {
                Course::Ended(reply, _) => Admitted::Again(reply.clone(), waiter),
                Course::Runs(waiters) => {
                    // The first is the one that runs.
                    if waiters.len() > self.limits.repeats {
                        self.gone.extend(waiters.extract_if(.., |it| is_gone(it)));
                    }
                    if waiters.len() > self.limits.repeats {
                        let limit = self.limits.repeats as u64;
                        return Admitted::Refused(LostReason::TooManyRepeats { limit }.into(), waiter);
                    }
                    waiters.push(waiter);
                    Admitted::Joined
                }
            };
        }
        let (caller, id) = key;
        if self.callers.mark(caller).is_some_and(|mark| id <= mark) {
            return Admitted::Refused(LostReason::Forgotten.into(), waiter);
        }
        if self.calls.len() - self.ended.len() >= self.limits.running {
            let limit = self.limits.running as u64;
            return Admitted::Refused(RefusedReason::TooManyOnce { limit }.into(), waiter);
        }
        if !self.callers.has(caller) {
            self.callers.drop_earlier_runs(caller);
            if !self.callers.make_room(self.limits.callers, is_known) {
                let limit = self.limits.callers as u64;
                return Admitted::Refused(RefusedReason::TooManyCallers { limit }.into(), waiter);
            }
        }
        self.callers.enter(caller);
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
        if reply.len() > self.limits.reply {
            self.remove(key, Some(key.1));
            return waiters;
        }
        let (at, bytes) = ((now + window.min(LONGEST), self.number), OVERHEAD + reply.len());
        self.number += 1;
        self.bytes += bytes;
        self.callers.store(key.0, (at.1, key.1), bytes);
        if let Some(call) = self.calls.get_mut(&key) {
            call.course = Course::Ended(reply, at);
        }
        self.ended.insert(at, key);
        self.make_room(at.1, now);
        waiters
    }

    /// Drops what there is no room for beside the newest: first what is old, then the oldest of the caller whose replies take most.
    fn make_room(&mut self, newest: u64, now: Instant) {
        while self.ended.len() > self.limits.replies || self.bytes > self.limits.bytes {
            let old = self.ended.first_key_value().filter(|(at, _)| at.0 <= now).map(|(_, key)| *key);
            self.is_crowded |= old.is_none();
            let Some(key) = old.or_else(|| self.callers.heaviest(newest)) else { break };
            self.forget(key);
        }
    }

    /// Whether nobody waits for the reply of this call any more, of whom `is_gone` says so.
    pub(super) fn is_unwanted(&self, key: CallKey, is_gone: impl Fn(&W) -> bool) -> bool {
        match self.calls.get(&key) {
            Some(Call { course: Course::Runs(waiters), .. }) => waiters.iter().all(is_gone),
            _ => true,
        }
    }

    /// Whether it is to be said that replies are dropped before their time.
    pub(super) fn take_crowded(&mut self, now: Instant) -> bool {
        let is_due = self.said.is_none_or(|said| now >= said + SAID_EVERY);
        let is_said = mem::take(&mut self.is_crowded) && is_due;
        if is_said {
            self.said = Some(now);
        }
        is_said
    }

    /// Who has waited, and was found gone: to be dropped where nothing is locked.
    pub(super) fn take_gone(&mut self) -> Vec<W> {
        mem::take(&mut self.gone)
    }

    fn drop_old(&mut self, now: Instant) {
        for _ in 0..DROPPED_AT_ONCE {
            match self.ended.first_key_value() {
                Some((at, &key)) if at.0 <= now => self.forget(key),
                _ => return,
            }
        }
    }

    /// Drops a reply.
    fn forget(&mut self, key: CallKey) {
        self.remove(key, Some(key.1));
    }

    /// Removes a call, which leaves this mark.
    fn remove(&mut self, key: CallKey, mark: Option<u64>) {
        let Some(call) = self.calls.remove(&key) else { return };
        if let Course::Ended(reply, at) = call.course {
            let bytes = OVERHEAD + reply.len();
            self.bytes -= bytes;
            self.ended.remove(&at);
            self.callers.unstore(key.0, at.1, bytes);
        }
        self.callers.leave(key.0, mark);
    }
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
