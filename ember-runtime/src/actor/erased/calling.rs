//! Calls to a replicated service whose outcome can be asked for, while they are under way on its master.

use tokio::sync::oneshot;

use crate::{
    error::LostReason,
    id::{CallId, Epoch, Serial},
    message::{RawReply, Stored},
    replica::About,
};

/// So many wait at most for the end of one call.
const REPEATS: usize = 16;
/// So long is remembered what became of a call to which the runtime has given the id, in milliseconds.
pub(super) const KEEP: u64 = 600_000;
/// The same of a call that a group owes, which may have no master meanwhile: otherwise until the next one comes to the same callee.
pub(super) const KEEP_OWED: u64 = 7 * 24 * 3_600_000;

/// The call whose handler runs.
#[derive(Debug)]
pub(crate) struct Calling {
    pub(super) about: About,
    /// It may be made again: its reply is kept, whatever it has committed.
    pub(super) is_once: bool,
    /// The log says that it has begun.
    pub(super) has_begun: bool,
}

/// A call whose method has returned, and whose reply comes later.
pub(super) struct Later {
    pub(super) about: About,
    /// In which it began.
    pub(super) epoch: Epoch,
    pub(super) waiting: Vec<Waiter>,
}

/// Who waits for an outcome.
pub(super) enum Waiter {
    /// The call again.
    Repeats(RawReply<'static>),
    /// The runtime of the caller.
    Asks(oneshot::Sender<Option<Stored>>),
}

impl Calling {
    /// Of the runtime's.
    pub(crate) fn new(id: CallId, lowest: Serial) -> Self {
        Self { about: About { id, lowest, asked: 0, at: 0, keep: KEEP }, is_once: false, has_begun: false }
    }

    /// Of the user's, or of a group that owes it, which is remembered for so many milliseconds; `asked` is a hash of what is called.
    pub(crate) fn once((id, lowest): (CallId, Serial), asked: u64, keep: u64) -> Self {
        Self { about: About { id, lowest, asked, at: 0, keep }, is_once: true, has_begun: false }
    }
}

impl Waiter {
    fn is_gone(&self) -> bool {
        match self {
            Self::Repeats(reply) => reply.is_unwanted(),
            Self::Asks(tell) => tell.is_closed(),
        }
    }

    /// `None`: whoever knows it, is elsewhere.
    pub(super) fn tell(self, outcome: Option<&Stored>, epoch: Epoch) {
        match (self, outcome) {
            (Self::Repeats(reply), Some(outcome)) => outcome.tell(reply),
            (Self::Repeats(reply), None) => reply.fail(LostReason::Deposed { epoch: epoch.0 }),
            (Self::Asks(tell), outcome) => {
                let _nobody_waits = tell.send(outcome.cloned());
            }
        }
    }
}

impl Later {
    pub(super) fn waits(&mut self, waiter: Waiter) {
        self.waiting.retain(|it| !it.is_gone());
        if self.waiting.len() < REPEATS {
            return self.waiting.push(waiter);
        }
        let limit = REPEATS as u64;
        waiter.tell(Some(&Stored::Lost(LostReason::TooManyRepeats { limit })), self.epoch);
    }
}
