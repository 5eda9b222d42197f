//! What travels beside the arguments.

use std::{collections::BTreeMap, sync::Arc};

use tokio::time::Instant;

use super::{Chain, Keys};
use crate::id::Pid;

/// Which queue of a mailbox a message waits in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lane {
    /// Ordinary work: 1024 places by default.
    #[default]
    User,
    /// Goes first, and is accepted while the service is paused: 64 places by default.
    System,
}

/// The metadata of one call.
#[derive(Debug, Clone, Default)]
pub(crate) struct Envelope {
    /// When the caller stops waiting; `None` for a one-way call without a limit.
    pub(crate) deadline: Option<Instant>,
    /// The lane.
    pub(crate) lane: Lane,
    /// The trace that the call belongs to; 0 if none.
    pub(crate) trace: u64,
    /// The caller's ordering key.
    pub(crate) key: Option<u64>,
    /// The handlers that wait for this call, innermost first.
    pub(crate) chain: Option<Arc<Chain>>,
    /// The user's headers; they propagate to the calls made while handling this one.
    pub(crate) headers: Option<Arc<BTreeMap<String, String>>>,
    /// On the way to the unit, if modules on it stand under keys.
    pub(crate) keys: Keys,
}

impl Envelope {
    /// Whether the caller has stopped waiting.
    pub(crate) fn expired(&self) -> bool {
        self.deadline.is_some_and(|deadline| deadline <= Instant::now())
    }

    /// Whether `pid` waits for the call.
    pub(crate) fn waits_for(&self, pid: Pid) -> bool {
        self.chain.as_ref().is_some_and(|chain| chain.links().any(|link| link.pid == pid))
    }

    /// Of work that begins by itself on the unit at `keys`.
    pub(crate) fn at(keys: Keys) -> Self {
        Self { keys, ..Self::default() }
    }

    /// The same for work that nobody waits for.
    pub(crate) fn without_deadline(&self) -> Self {
        Self { deadline: None, chain: None, ..self.clone() }
    }
}
