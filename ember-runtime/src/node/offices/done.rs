//! What takes time, and comes back to the task that looks at the candidates.

use tokio::{sync::oneshot, task::JoinSet};

use crate::{
    id::Epoch,
    office::{OfficeName, Term},
};

/// What has come of something that takes time.
pub(super) enum Done {
    Bid {
        number: u64,
        office: OfficeName,
        epoch: Epoch,
        term: Term,
        won: Option<i64>,
    },
    Led {
        number: u64,
        epoch: Epoch,
        well: bool,
    },
    Resigned {
        number: u64,
        epoch: Epoch,
        well: bool,
    },
    Vacated {
        number: u64,
        well: bool,
    },
    /// A member has said what it has, or that is not known.
    Claimed {
        number: u64,
    },
    /// A master is that no more.
    Shipped,
    /// The registry has been told of an epoch.
    Raised,
}

/// Tells a service something, and waits for what it makes of it.
pub(super) fn tell(
    tasks: &mut JoinSet<Done>,
    tell: impl FnOnce(oneshot::Sender<bool>),
    done: impl FnOnce(bool) -> Done + Send + 'static,
) {
    let (sender, answer) = oneshot::channel();
    tell(sender);
    tasks.spawn(async move { done(answer.await.unwrap_or(false)) });
}
