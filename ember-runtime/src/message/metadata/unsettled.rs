//! What a handler has done that its group has not acknowledged yet: what leaves it waits for that.

use std::{fmt, sync::Arc};

use tokio::sync::oneshot;

use crate::message::streams::Holds;

/// So much waits at most of what nobody else bounds: one-way calls and events are refused then.
pub(crate) const MOST_UNSETTLED: u64 = 16_384;

/// Is told whether something has been acknowledged.
pub(crate) type Settled = Box<dyn FnOnce(bool) + Send>;

/// A replicated service, as far as what leaves it must know it.
pub(crate) trait Settles: Send + Sync {
    /// The last thing that it has done, if that is not acknowledged, and what leaves it is to wait for that. It goes to the others of its group
    /// now.
    fn unsettled(&self) -> Option<u64>;

    /// The same, without a change of what goes to the others: also where a handler may be at work on it.
    fn seen(&self) -> Option<u64>;

    /// The same, whether what leaves it is to wait or not.
    fn unacknowledged(&self) -> Option<u64>;

    /// Whether so much waits that nothing more is to wait which can be refused.
    fn is_full(&self) -> bool;

    /// Tells `then` when that is acknowledged, or when nobody will know that here; in the order in which this was asked.
    fn when_settled(&self, index: u64, then: Settled);
}

/// Something that is not acknowledged yet.
#[derive(Clone)]
pub(crate) struct Unsettled {
    group: Arc<dyn Settles>,
    index: u64,
}

impl Unsettled {
    /// What this service has done, up to that.
    pub(crate) fn at(group: Arc<dyn Settles>, index: u64) -> Self {
        Self { group, index }
    }

    /// Of this service, if there is anything.
    pub(crate) fn of(group: &Arc<dyn Settles>) -> Option<Self> {
        Some(Self { index: group.unsettled()?, group: Arc::clone(group) })
    }

    /// The same, from wherever.
    pub(crate) fn seen(group: &Arc<dyn Settles>) -> Option<Self> {
        Some(Self { index: group.seen()?, group: Arc::clone(group) })
    }

    /// The same, whether what leaves it is to wait for it or not.
    pub(crate) fn in_any_case(group: &Arc<dyn Settles>) -> Option<Self> {
        Some(Self { index: group.unacknowledged()?, group: Arc::clone(group) })
    }

    /// Whether so much waits for it that nothing more is to wait which can be refused.
    pub(crate) fn is_full(&self) -> bool {
        self.group.is_full()
    }

    /// Tells `then` when it is acknowledged, or when nobody will know that here.
    pub(crate) fn then(self, then: impl FnOnce(bool) + Send + 'static) {
        self.group.when_settled(self.index, Box::new(then));
    }

    /// Waits until it is; `false` if nobody will know that here.
    pub(crate) async fn settles(self) -> bool {
        let (tell, told) = oneshot::channel();
        self.then(move |well| {
            let _nobody_waits = tell.send(well);
        });
        told.await.unwrap_or(false)
    }
}

/// What leaves a service from wherever: the items of its streams.
pub(super) struct HeldBack(pub(super) Arc<dyn Settles>);

impl Holds for HeldBack {
    fn holds(&self) -> bool {
        self.0.seen().is_some()
    }

    fn tell(&self, then: Box<dyn FnOnce(bool) + Send>) {
        match Unsettled::seen(&self.0) {
            Some(unsettled) => unsettled.then(then),
            None => then(true),
        }
    }
}

impl fmt::Debug for Unsettled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Unsettled").field(&self.index).finish()
    }
}
