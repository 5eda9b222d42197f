//! Calls that have arrived. Mostly they are handed over at once; while too many replies to their sender wait they are parked: no
//! more bytes than the sender has credit for. They belong to the link's task, and are handed over in their order.

use std::{
    collections::VecDeque,
    sync::{Arc, atomic::Ordering},
};

use bytes::Bytes;
use tokio::time::Instant;

use super::{header::Clock, session::Session, wire::Correlation};
use crate::message::RawCall;

/// A call that is still as it came.
pub(super) struct Arrived {
    /// `None` for a one-way call.
    pub(super) correlation: Option<Correlation>,
    /// Header and arguments.
    pub(super) body: Bytes,
    /// The credit that it takes.
    pub(super) size: u64,
    /// What its deadline counts by.
    pub(super) clock: Clock,
    /// It had to wait before.
    pub(super) parked: bool,
}

/// What happens to a call that arrives now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Door {
    Open,
    /// No new calls: the link is about to end.
    Retiring,
    /// It has to wait; the writer will say when that is over.
    Shut,
}

/// All that have arrived and were not handed over, oldest first.
#[derive(Default)]
pub(super) struct Parked(VecDeque<Arrived>);

impl Parked {
    pub(super) fn add(&mut self, call: Arrived) {
        self.0.push_back(call);
    }

    /// Hands over what need not wait.
    pub(super) fn deliver(&mut self, session: &Arc<Session>, now: Instant) {
        while !self.0.is_empty() {
            let door = session.door();
            if door == Door::Shut {
                self.0.iter_mut().rev().take_while(|call| !call.parked).for_each(|call| call.parked = true);
                return;
            }
            session.ingress.calls(session.peer, &mut Batch { parked: self, session, door, now });
        }
    }
}

/// The calls that go through an open door, until it shuts.
struct Batch<'a> {
    parked: &'a mut Parked,
    session: &'a Arc<Session>,
    door: Door,
    now: Instant,
}

impl Iterator for Batch<'_> {
    type Item = (u64, RawCall);

    fn next(&mut self) -> Option<(u64, RawCall)> {
        // A call may be answered while the next ones are handed over.
        while !self.session.crowded.load(Ordering::Relaxed) {
            let call = self.parked.0.pop_front()?;
            let call = self.session.admit(call, self.door, self.now);
            if call.is_some() {
                return call;
            }
        }
        None
    }
}
