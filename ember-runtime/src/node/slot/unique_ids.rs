//! The handle by which ids are made.

use std::{fmt, sync::Arc, time::Duration};

use tokio::{
    sync::oneshot,
    time::{Instant, sleep_until},
};

use super::{
    reserved::{AHEAD, STEP},
    source::Source,
};
use crate::{
    error::{Error, NoUniqueId, Result},
    id::UniqueId,
    sync::shielded,
};

/// So long a caller waits for an id.
const PATIENCE: Duration = Duration::from_secs(5);

/// Makes ids that no two nodes of a cluster make twice. Cheap to clone; a service can keep one in a field.
///
/// The node takes one of the 1,024 *slots* of its cluster when the first id is asked for, and reserves time for its ids in the
/// registry, 20 s ahead. From then on an id costs a look at two clocks, and no message, until the node has made none for 10 minutes: then it
/// reserves no more, and the next one waits as the first did. Every id is larger than all that this node has made before.
///
/// **Promised**: no id comes twice in a cluster, whatever the clocks of its nodes do, over kills and restarts, outages of the registry, partitions,
/// and lost leases, as long as the registry keeps what it was told. When the registry has lost its data, nodes that reach it write back
/// what they had reserved, and a node that takes a slot then is 35 s ahead of its clock: no id comes twice if the clocks of the nodes agree
/// within 10 s, and 30 s lie between two such losses. (The same holds for a registry restored from an old backup, but for nodes that take
/// their slots between its return and the moment, some seconds later, at which the others have written back what it lacks.)
///
/// **Not promised**: that ids of *different* nodes are in the order in which they were made, which depends on their clocks; and, for a
/// node without a registry, anything beyond its own run: its slot is one by chance.
///
/// While the registry is away ids go on for as long as the node's lease certainly does (4.5 s by default).
///
/// ```
/// use ember_runtime::node::Node;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> ember_runtime::error::Result<()> {
/// let node = Node::builder().start().await?;
/// let ids = node.unique_ids();
/// let first = ids.next().await?;
/// assert!(first < ids.next().await? && first < ids.try_next()?);
/// # node.shutdown().await
/// # }
/// ```
#[derive(Clone)]
pub struct UniqueIds(Arc<Source>);

impl UniqueIds {
    pub(crate) fn new(source: &Arc<Source>) -> Self {
        Self(Arc::clone(source))
    }

    /// The next id. Ready at once, but for the first, which waits until the node has its slot: one or two round trips to the registry; for the
    /// first after 10 minutes without one, which waits as long; after an outage or a lost lease, until the registry has said that the slot is
    /// still this node's; and when more than 4,096 in a millisecond, or a clock that was set back, have used up what was reserved.
    ///
    /// # Errors
    /// [`Error::UniqueId`] after 5 s, or as soon as it is certain; it says what to do, and asking again is safe. [`Error::Closed`] and
    /// [`Error::RuntimeEnded`] when the node has ended, or leaves its cluster.
    ///
    /// # Cancel safety
    /// Safe: an id that nobody took is left out.
    pub async fn next(&self) -> Result<UniqueId> {
        match self.0.next() {
            Err(Error::UniqueId(_)) => shielded(self.wait()).await,
            // The node has ended: who asks again and again lets others run.
            Err(Error::Closed) => {
                shielded(tokio::task::yield_now()).await;
                Err(Error::Closed)
            }
            made => made,
        }
    }

    /// The next id, if it can be made without waiting: for code that is not `async`. If not, it is seen to that it soon can be.
    ///
    /// # Errors
    /// [`NoUniqueId::NotYet`] before the node has its slot, and whenever [`next`](Self::next) would wait: call that once before, and where more
    /// than 10 minutes can pass without an id; and as there.
    pub fn try_next(&self) -> Result<UniqueId> {
        self.0.next()
    }

    /// On the runtime of the node, whose timers those who wait may not have.
    async fn wait(&self) -> Result<UniqueId> {
        let (mut sender, answer) = oneshot::channel();
        let source = Arc::clone(&self.0);
        self.0.router.runtime().spawn(async move {
            tokio::select! {
                biased;
                () = sender.closed() => {}
                made = source.wait() => drop(sender.send(made)),
            }
        });
        // Only the end of the runtime drops it.
        answer.await.unwrap_or_else(|_| Err(self.0.router.over().map_or(Error::RuntimeEnded, Into::into)))
    }
}

impl Source {
    async fn wait(&self) -> Result<UniqueId> {
        let (mut attempts, until) = (self.attempts.subscribe(), Instant::now() + PATIENCE);
        let mut waited = false;
        loop {
            attempts.mark_unchanged();
            let why = match self.next() {
                Err(Error::UniqueId(why)) => why,
                made => return made,
            };
            // What is said before an attempt may be of long ago.
            if waited && is_for_long(&why) {
                return Err(why.into());
            }
            tokio::select! {
                biased;
                _ = attempts.changed() => waited = true,
                () = sleep_until(until) => return Err(in_the_end(why).into()),
            }
        }
    }
}

/// Whether it is certain that it will not be better within [`PATIENCE`].
fn is_for_long(why: &NoUniqueId) -> bool {
    let most = AHEAD + STEP;
    match why {
        NoUniqueId::NoSlot | NoUniqueId::ClockTooLate => true,
        NoUniqueId::Ahead { by } => by.saturating_sub(PATIENCE) > Duration::from_millis(most),
        _ => false,
    }
}

fn in_the_end(why: NoUniqueId) -> NoUniqueId {
    match why {
        NoUniqueId::NotYet => NoUniqueId::Away(format!("it has not answered for {} s", PATIENCE.as_secs())),
        why => why,
    }
}

impl fmt::Debug for UniqueIds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UniqueIds").finish_non_exhaustive()
    }
}
