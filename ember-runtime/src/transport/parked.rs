//! Calls that have arrived but must wait, because too many replies to their sender wait already. No more bytes than the
//! sender has credit for. They belong to the link's task, and are handed over in their order.

use std::{collections::VecDeque, sync::Arc};

use bytes::Bytes;
use tokio::time::Instant;

use super::{receive::Credit, session::Session, wire::Correlation};

/// A call that is still as it came.
pub(super) struct Arrived {
    /// `None` for a one-way call.
    pub(super) correlation: Option<Correlation>,
    /// Header and arguments.
    pub(super) body: Bytes,
    pub(super) credit: Credit,
    pub(super) at: Instant,
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

/// All that wait, oldest first.
#[derive(Default)]
pub(super) struct Parked(VecDeque<Arrived>);

impl Parked {
    /// Hands `call` over, unless it has to wait.
    pub(super) fn take(&mut self, session: &Arc<Session>, call: Arrived) {
        match session.door() {
            door @ (Door::Open | Door::Retiring) if self.0.is_empty() => {
                let now = call.at;
                session.deliver(call, door, now);
            }
            _ => self.0.push_back(call),
        }
    }

    /// Hands over what need not wait any longer.
    pub(super) fn deliver(&mut self, session: &Arc<Session>) {
        let now = Instant::now();
        while !self.0.is_empty() {
            let door = session.door();
            if door == Door::Shut {
                return;
            }
            if let Some(call) = self.0.pop_front().filter(|call| session.is_wanted(call)) {
                session.deliver(call, door, now);
            }
        }
    }
}
