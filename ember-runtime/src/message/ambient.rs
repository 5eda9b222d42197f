//! What the runtime knows about the handler that is running on this task: it bounds every call made there.

use std::{collections::BTreeMap, future::Future, sync::Arc};

use tokio::time::Instant;

use super::Chain;
use crate::id::Pid;

tokio::task_local! {
    static CURRENT: Ambient;
}

/// The running handler. Work that is spawned elsewhere does not see it.
#[derive(Debug, Clone)]
pub(crate) struct Ambient {
    pub(crate) pid: Pid,
    pub(crate) service: Arc<str>,
    pub(crate) method: &'static str,
    pub(crate) deadline: Option<Instant>,
    pub(crate) trace: u64,
    pub(crate) chain: Option<Arc<Chain>>,
    pub(crate) headers: Option<Arc<BTreeMap<String, String>>>,
}

impl Ambient {
    /// Of the handler that is running on this task, if one is.
    pub(crate) fn current() -> Option<Self> {
        CURRENT.try_with(Clone::clone).ok()
    }

    /// Runs `handler` as described by `self`.
    pub(crate) fn scope<F: Future>(self, handler: F) -> impl Future<Output = F::Output> {
        CURRENT.scope(self, handler)
    }

    /// Runs `callback` as described by `self`.
    pub(crate) fn sync_scope<T>(self, callback: impl FnOnce() -> T) -> T {
        CURRENT.sync_scope(self, callback)
    }

    /// The chain of a call that this handler waits for.
    pub(crate) fn extended(&self) -> Arc<Chain> {
        let place = format!("{}.{}", self.service, self.method).into();
        Arc::new(Chain { pid: self.pid, place, above: self.chain.clone() })
    }
}
