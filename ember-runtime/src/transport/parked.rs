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

/// All that wait, oldest first.
#[derive(Default)]
pub(super) struct Parked(VecDeque<Arrived>);

impl Parked {
    /// Hands `call` over, unless it has to wait.
    pub(super) fn take(&mut self, session: &Arc<Session>, call: Arrived) {
        self.0.push_back(call);
        self.deliver(session);
    }

    /// Hands over what need not wait any longer.
    pub(super) fn deliver(&mut self, session: &Arc<Session>) {
        while !self.0.is_empty() && !session.must_park() {
            if let Some(call) = self.0.pop_front() {
                session.deliver(call);
            }
        }
    }
}
