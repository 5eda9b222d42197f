//! The table: from calls to what became of them. It changes by what the log says only, so that it is the same on every member: its time is that
//! of the log, and what it drops, all drop.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{
    callers::{Caller, Callers},
    note::{About, MOST_NUMBERS, Note},
};
use crate::{
    id::{Asker, CallId},
    message::{CodecError, Stored, append},
};

/// So many calls are remembered, and callers.
const CALLS: usize = 65_536;
const CALLERS: usize = 16_384;
/// So many bytes of replies, with what each call costs beside.
const BYTES: usize = 16 << 20;
const OVERHEAD: usize = 192;
/// So long a caller is remembered of whose calls nothing is left, in milliseconds.
const SILENT: u64 = 600_000;

/// What a group remembers of calls.
#[derive(Debug, Default)]
pub(crate) struct Outcomes {
    calls: BTreeMap<CallId, Call>,
    /// By when they are dropped; of one time in the order of the log.
    ends: BTreeSet<(u64, u64, CallId)>,
    callers: Callers,
    /// The time of the log. It never goes back, whatever the clocks of masters do.
    now: u64,
    number: u64,
    bytes: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Call {
    course: Course,
    asked: u64,
    until: u64,
    number: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Course {
    Begun,
    Ended(Stored),
    Void,
}

/// What the table knows of a call.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Known<'a> {
    /// Nothing: it has left nothing in the log.
    Nothing,
    /// It has begun, and its outcome is not there. With a hash of what was called.
    Begun { asked: u64 },
    /// Its reply, and the same.
    Ended { asked: u64, reply: &'a Stored },
    /// It has done nothing, and never will.
    Void,
    /// Nobody knows it any more.
    Forgotten,
    /// Its caller has said that it does not ask for it any more.
    Over,
}

impl Course {
    fn bytes(&self) -> usize {
        OVERHEAD + if let Self::Ended(reply) = self { reply.len() } else { 0 }
    }
}

impl Outcomes {
    pub(crate) fn find(&self, id: CallId) -> Known<'_> {
        if let Some(Call { course, asked, .. }) = self.calls.get(&id) {
            return match course {
                Course::Begun => Known::Begun { asked: *asked },
                Course::Ended(reply) => Known::Ended { asked: *asked, reply },
                Course::Void => Known::Void,
            };
        }
        match self.callers.get(id.by) {
            Some(caller) if id.serial < caller.lowest => Known::Over,
            Some(caller) if caller.mark.is_some_and(|mark| id.serial <= mark) => Known::Forgotten,
            _ => Known::Nothing,
        }
    }

    /// Takes what a record says.
    pub(super) fn take(&mut self, note: Note) {
        match note {
            Note::Begun(about) => {
                // A second record of the same call says the same.
                if self.hear(&about) && !self.calls.contains_key(&about.id) {
                    self.put(&about, Course::Begun);
                }
            }
            Note::Ended(about, reply) => {
                if self.hear(&about) {
                    self.put(&about, Course::Ended(reply));
                }
            }
            Note::Owes { .. } | Note::Paid { .. } => {}
            Note::Void(about) => {
                if self.hear(&about) && !self.calls.contains_key(&about.id) {
                    self.put(&about, Course::Void);
                }
            }
        }
    }

    /// Its caller says that it asks for nothing lower; the time of the log goes on. Whether it may still ask for this one.
    fn hear(&mut self, about: &About) -> bool {
        self.now = self.now.max(about.at);
        let by = about.id.by;
        let caller = self.callers.hear(by, self.now);
        let before = caller.lowest;
        caller.lowest = before.max(about.lowest);
        let lowest = caller.lowest;
        if lowest > before {
            let (first, end) = (CallId::new(by, 0), CallId { by, serial: lowest });
            let over: Vec<_> = self.calls.range(first..end).map(|(id, _)| *id).collect();
            over.into_iter().for_each(|id| self.drop(id, false));
        }
        while let Some((until, _, id)) = self.ends.first().copied()
            && until <= self.now
        {
            self.drop(id, true);
        }
        self.callers.prune(self.now.saturating_sub(SILENT), CALLERS, by);
        about.id.serial >= lowest
    }

    fn put(&mut self, about: &About, course: Course) {
        self.drop(about.id, false);
        let (until, number) = (self.now.saturating_add(about.keep.max(1)), self.number);
        self.number += 1;
        self.bytes += course.bytes();
        self.callers.enter(about.id.by);
        self.ends.insert((until, number, about.id));
        self.calls.insert(about.id, Call { course, asked: about.asked, until, number });
        // Not the newest, if there is another.
        while (self.calls.len() > CALLS || self.bytes > BYTES)
            && let Some((.., id)) = self.ends.iter().find(|(_, it, _)| *it != number).copied()
        {
            self.drop(id, true);
        }
    }

    /// `mark`: it may be asked for.
    fn drop(&mut self, id: CallId, mark: bool) {
        let Some(call) = self.calls.remove(&id) else { return };
        self.bytes -= call.course.bytes();
        self.ends.remove(&(call.until, call.number, id));
        self.callers.leave(id.by, id.serial, mark);
    }

    /// Appends it as others learn it.
    ///
    /// # Errors
    /// Only for a mistake in Ember.
    pub(super) fn write(&self, out: &mut Vec<u8>) -> Result<(), CodecError> {
        let calls: Vec<_> = self.calls.iter().collect();
        append(&(self.now, self.number, self.callers.written(), calls), out).map_err(CodecError::new)
    }

    /// Reads one, and gives back what comes after it.
    ///
    /// # Errors
    /// It is none, or that of another build.
    pub(super) fn read(bytes: &[u8]) -> Result<(Self, &[u8]), CodecError> {
        type Written = (u64, u64, (u64, Vec<(Asker, Caller)>), Vec<(CallId, Call)>);
        let ((now, number, callers, calls), rest) = postcard::take_from_bytes::<Written>(bytes)
            .map_err(|error| CodecError::new(format_args!("what became of calls cannot be read: {error}")))?;
        let impossible = || CodecError::new("what became of calls cannot be read: there can be no such calls");
        if number > MOST_NUMBERS || calls.iter().any(|(_, call)| call.number >= number) {
            return Err(impossible());
        }
        // Each call once, whatever was written.
        let calls: BTreeMap<_, _> = calls.into_iter().collect();
        let ends = calls.iter().map(|(id, call)| (call.until, call.number, *id)).collect();
        let bytes = calls.values().map(|call| call.course.bytes()).sum();
        let callers = Callers::read(callers, calls.keys().map(|id| id.by)).ok_or_else(impossible)?;
        Ok((Self { calls, ends, callers, now, number, bytes }, rest))
    }

    #[cfg(test)]
    pub(super) fn sizes(&self) -> (usize, usize, usize) {
        (self.calls.len(), self.callers.len(), self.bytes)
    }
}
