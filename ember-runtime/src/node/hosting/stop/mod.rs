//! Stopping the services of a node.

mod asked;
mod beside;
mod late;

use std::{sync::Arc, time::Duration};

use tokio::{
    task::yield_now,
    time::{Instant, sleep_until, timeout},
};

use self::beside::{Beside, end_of};
pub(crate) use self::{asked::AskedToEnd, late::Late};
use super::host::Services;
use crate::{actor::Host as _, id::Pid};

/// So long those have to end that are cut short though they may have nothing to do.
const GRACE: Duration = Duration::from_millis(10);
/// After so many services other tasks have their turn.
const AT_A_TIME: usize = 128;

async fn pause_after(number: usize) {
    if number % AT_A_TIME == AT_A_TIME - 1 {
        yield_now().await;
    }
}

impl Services {
    /// Stops a service when it has finished what it has. `false` if it does not run here.
    pub(crate) fn retire(&self, pid: Pid) -> bool {
        self.find(pid).map(|cell| cell.retire()).is_some()
    }

    /// Ends all services at once, as a crash would.
    pub(crate) fn abort(&self) {
        self.close();
        self.watches.close();
        for cell in self.router.cells.all() {
            cell.abort();
        }
        self.pool.close();
    }

    /// Stops all services, the last one started first; siblings, of a class and
    /// spawned in a row, side by side. Those that do not end by `deadline`, or before `hurry` does, are cut short: these are returned.
    pub(crate) async fn stop(self: &Arc<Self>, deadline: Instant, hurry: impl Future<Output = ()>) -> Late {
        self.close();
        // A task of its own: what blocks in a service that ends must not keep the deadline from being seen.
        let mut ending = self.runtime().spawn(Arc::clone(self).in_order());
        let ended = tokio::select! {
            biased;
            ended = &mut ending => ended.is_ok(),
            () = hurry => false,
            () = sleep_until(deadline) => false,
        };
        let mut late = Late::default();
        if !ended {
            ending.abort();
            self.cut_short(&mut late).await;
        }
        late
    }

    /// An idle service of which nothing has to be run ends here, and costs no task. The others are waited for: what a service
    /// needs in its `stop` was started before it, and stops after it. Only its [siblings](Beside) it does not need.
    async fn in_order(self: Arc<Self>) {
        let mut beside = Beside::default();
        for (number, cell) in self.router.cells.all().into_iter().rev().enumerate() {
            pause_after(number).await;
            beside.make_way(&*cell).await;
            if !cell.retire_here() {
                beside.enter(cell);
            }
        }
        beside.all_ended().await;
    }

    /// Those that have something to do, with what waits behind it.
    pub(crate) async fn at_work(&self) -> Late {
        let mut at_work = Late::default();
        for (number, cell) in self.router.cells.all().into_iter().enumerate() {
            pause_after(number).await;
            if !cell.state().has_ended()
                && let Some(queued) = cell.work()
            {
                at_work.count(cell.name());
                at_work.queued(cell.name(), queued);
            }
        }
        at_work
    }

    /// Ends all that are left: those that are idle as always, the others at once.
    async fn cut_short(&self, late: &mut Late) {
        let mut left = Vec::new();
        for (number, cell) in self.router.cells.all().into_iter().rev().enumerate() {
            pause_after(number).await;
            if !cell.retire_here() {
                left.push(cell);
            }
        }
        // Which of them are idle, their drivers know.
        let ended = async {
            for cell in &left {
                end_of(&**cell).await;
            }
        };
        let _ = timeout(GRACE, ended).await;
        for (number, cell) in left.into_iter().enumerate() {
            pause_after(number).await;
            if !cell.state().has_ended() {
                // A sharded service is late by its shards, which are counted.
                if !cell.has_shards() {
                    late.count(cell.name());
                }
                cell.abort();
            }
        }
    }
}
