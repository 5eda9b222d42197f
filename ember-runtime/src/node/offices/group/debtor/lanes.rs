//! One lane to each callee. What is owed stays where it is, in the state: of each lane a few are here at a time, and the next are fetched when those
//! have been answered. So a lane that stands still takes no memory that grows, and holds up no other.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    sync::Arc,
    time::Duration,
};

use tokio::{
    task::{AbortHandle, JoinSet},
    time::{Instant, sleep, sleep_until},
};

use crate::{office::Debt, sync::ordered};

/// So many of one lane are fetched at once.
pub(super) const FETCHED: usize = 64;
/// It is looked so often whether there are new ones, whatever happens.
const LOOK: Duration = Duration::from_secs(1);

/// Whoever makes the calls that a group owes.
pub(super) trait Pays: Send + Sync + 'static {
    /// Tells when there may be more.
    fn changes(&self) -> ordered::Receiver<()>;

    /// The number of the last that there was, as far as is known.
    fn last(&self) -> u64;

    /// Whether it is the master still.
    fn acts(&self) -> bool;

    /// Those that are owed and acknowledged, the first `most` of each lane but these; nothing if that is not known.
    fn fetch(&self, but: BTreeSet<u64>, most: usize) -> impl Future<Output = Option<Vec<Debt>>> + Send;

    /// Makes one until it has been answered.
    fn make(&self, debt: &Debt) -> impl Future<Output = Made> + Send;

    /// It has been: it is owed no more.
    fn paid(&self, debt: &Debt);
}

/// What became of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Made {
    Answered,
    /// It cannot be made here: its lane stands still.
    Unreadable,
}

/// Until it is not the master any more.
pub(super) async fn run(pays: Arc<impl Pays>) {
    let (mut changes, mut tasks) = (pays.changes(), JoinSet::new());
    let (mut busy, mut still) = (BTreeMap::<u64, AbortHandle>::new(), BTreeSet::new());
    // Of the last that there was when it was looked last; and whether a lane has come to an end since.
    let (mut seen, mut is_free) = (0, false);
    while pays.acts() {
        changes.mark_unchanged();
        let last = pays.last();
        if last != seen || is_free {
            let but = busy.keys().chain(&still).copied().collect();
            if let Some(found) = pays.fetch(but, FETCHED).await {
                (seen, is_free) = (last, false);
                for (lane, debts) in by_lane(found) {
                    busy.insert(lane, tasks.spawn(pay(Arc::clone(&pays), lane, debts)));
                }
            }
        }
        let look = sleep_until(Instant::now() + LOOK);
        tokio::select! {
            biased;
            Some(ended) = tasks.join_next(), if !tasks.is_empty() => {
                match ended {
                    Ok(stands) => still.extend(stands),
                    // A defect: not again at once.
                    Err(_) => sleep(LOOK).await,
                }
                busy.retain(|_, task| !task.is_finished());
                is_free = true;
            }
            _ = changes.changed() => {}
            () = look => {}
        }
    }
}

/// Makes some of one lane, in their order. The lane, if it stands still.
async fn pay(pays: Arc<impl Pays>, lane: u64, debts: Vec<Debt>) -> Option<u64> {
    for debt in debts {
        match pays.make(&debt).await {
            Made::Answered => pays.paid(&debt),
            Made::Unreadable => return Some(lane),
        }
    }
    None
}

fn by_lane(found: Vec<Debt>) -> BTreeMap<u64, Vec<Debt>> {
    let mut lanes = BTreeMap::<_, Vec<_>>::new();
    for debt in found {
        lanes.entry(debt.lane).or_default().push(debt);
    }
    lanes
}
