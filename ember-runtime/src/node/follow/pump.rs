//! The task of one service that follows one group.

use std::{
    any::Any,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{sync::oneshot, time::sleep};

use super::asking::{Asking, Next};
use crate::{
    actor::{Cell, Followed, FollowedKind, GapReason, Host, Position, Service, TaskJob, Told, ToldFn},
    call::{Begin, Following, Router, Wish},
    message::Lane,
    office::GroupName,
    panics::attempt,
    replica::{Point, Record},
    sync::{AbortOnDrop, lock},
};

/// What a hook has failed to take is given to it again: after so long at first, and at most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(10));

/// Has a service follow what it declares to. What is returned ends that when dropped.
pub(crate) fn follow<S: Service>(cell: &Arc<Cell<S>>, host: &dyn Host) -> Vec<Box<dyn Any + Send>> {
    let begin = |index: usize| {
        let router = host.get::<Router>();
        let following = router.followings.of(cell.pid.number, cell.blueprint.table.followed[index].service);
        following.begin(cell.lives());
        let pump = Pump { cell: Arc::clone(cell), life: cell.lives(), index, following, router };
        Box::new(AbortOnDrop(host.runtime().spawn(pump.run()).abort_handle())) as Box<dyn Any + Send>
    };
    (0..cell.blueprint.table.followed.len()).map(begin).collect()
}

struct Pump<S: Service> {
    cell: Arc<Cell<S>>,
    life: u64,
    /// Which of those that it follows.
    index: usize,
    following: Arc<Following>,
    router: Arc<Router>,
}

/// The service takes no new work.
struct Ended;

impl<S: Service> Pump<S> {
    async fn run(self) {
        let mut changes = self.following.changes();
        loop {
            changes.mark_unchanged();
            let wish = self.following.wish();
            tokio::select! {
                biased;
                _ = changes.changed() => {}
                Ended = self.tell(&wish) => return,
            }
        }
    }

    fn followed(&self) -> &Followed<S> {
        &self.cell.blueprint.table.followed[self.index]
    }

    /// Tells the service what it wants to hear.
    async fn tell(&self, wish: &Wish) -> Ended {
        let FollowedKind { service, types, .. } = self.followed().kind;
        let group = wish.group.clone().unwrap_or_else(|| GroupName::of(service).office(self.cell.server));
        let mut asking = Asking::new(Arc::clone(&self.router), group, types(), self.cell.pid);
        let mut at = match wish.begin {
            Begin::Never => return std::future::pending().await,
            Begin::Now => None,
            Begin::After(position) => Some(position),
        };
        loop {
            let told = match (asking.next(at).await, at) {
                (Next::Last(point), _) => {
                    at = Some(Position::new(point, 0));
                    Ok(())
                }
                (Next::Records(first, records, left), Some(from)) => {
                    self.records(wish.number, (first, records, left), from).await.map(|to| at = Some(to))
                }
                (Next::Gap(to, why), Some(from)) => {
                    let to = Position::new(to, 0);
                    self.gap(wish.number, (from, to, why)).await.map(|()| at = Some(to))
                }
                // Nobody has asked for that.
                (_, None) => Ok(()),
            };
            if let Err(ended) = told {
                return ended;
            }
        }
    }

    /// Gives it these records one entry after the other; after the first, or after all but the last so many entries of that. Where it is then.
    async fn records(
        &self,
        wish: u64,
        (first, records, mut rest): (u64, Vec<Record>, Option<u32>),
        mut at: Position,
    ) -> Result<Position, Ended> {
        let Followed { kind, entries, .. } = self.followed();
        for (record, index) in records.into_iter().zip(first..) {
            let (point, count) = (Point { epoch: record.epoch, index }, record.entries.len());
            let skip = rest.take().map_or(0, |rest| count.saturating_sub(rest as usize));
            for (place, bytes) in record.entries.iter().enumerate().skip(skip) {
                let left = u32::try_from(count - 1 - place).unwrap_or(u32::MAX);
                let to = Position::new(point, left);
                match attempt(|| (kind.posted)(bytes, to)) {
                    Ok(Ok(posted)) => self.give(wish, entries, posted).await?,
                    Ok(Err(error)) => self.unreadable(wish, (at, to), error.to_string()).await?,
                    Err(panic) => self.unreadable(wish, (at, to), panic.to_string()).await?,
                }
                at = to;
            }
            // One without entries counts too.
            at = Position::new(point, 0);
        }
        Ok(at)
    }

    async fn unreadable(&self, wish: u64, (from, to): (Position, Position), error: String) -> Result<(), Ended> {
        let (service, followed) = (S::SPEC.name, self.followed().kind.service);
        tracing::error!(target: "ember::service", service, followed, %to, %error, "an entry could not be read: its follower goes on without it");
        self.gap(wish, (from, to, GapReason::Unreadable)).await
    }

    async fn gap(&self, wish: u64, (from, to, why): (Position, Position, GapReason)) -> Result<(), Ended> {
        let Followed { kind, gaps, .. } = self.followed();
        let (service, pid, followed) = (S::SPEC.name, self.cell.pid, kind.service);
        if gaps.is_empty() {
            tracing::warn!(
                target: "ember::service", service, %pid, followed, %from, %to, ?why,
                "it goes on without entries that it follows: write `#[on(gap)]` to make up for them"
            );
        } else {
            tracing::info!(target: "ember::service", service, %pid, followed, %from, %to, ?why, "entries that it follows are missing");
        }
        self.following.goes_on(wish, to.index());
        self.give(wish, gaps, (kind.gap)(from, to, why)).await
    }

    /// Gives it to these hooks, each in a turn of the service. One that fails gets it again: what comes next waits for that.
    async fn give(&self, wish: u64, hooks: &[(&'static str, ToldFn<S>)], told: Box<Told>) -> Result<(), Ended> {
        let told = Arc::<Told>::from(told);
        for (name, run) in hooks {
            let mut pause = PAUSES.0;
            loop {
                let (done, taken) = oneshot::channel();
                let wanted = (Arc::clone(&self.following), wish);
                let data = Delivery { told: Arc::clone(&told), run: *run, wanted, done: Mutex::new(Some(done)) };
                let job = TaskJob {
                    name,
                    life: Some(self.life),
                    data,
                    run: |it: &Delivery<S>, body| {
                        Box::pin(async move {
                            let (following, wish) = &it.wanted;
                            // It may have said meanwhile that it wants to hear something else.
                            let result = if following.is(*wish) { (it.run)(body, &*it.told).await } else { Ok(()) };
                            if let Some(done) = lock(&it.done).take() {
                                let _nobody_waits = done.send(result.is_ok());
                            }
                            result
                        })
                    },
                };
                if !self.cell.owe(Lane::User, Box::new(job)) {
                    return Err(Ended);
                }
                // Not told: its life is over, or its turn was cut short.
                if taken.await == Ok(true) {
                    break;
                }
                sleep(pause).await;
                pause = (pause * 2).min(PAUSES.1);
            }
        }
        Ok(())
    }
}

/// An entry, or a gap, on its way to one hook.
struct Delivery<S: Service> {
    told: Arc<Told>,
    run: ToldFn<S>,
    /// By which wish.
    wanted: (Arc<Following>, u64),
    /// Whether the hook has taken it.
    done: Mutex<Option<oneshot::Sender<bool>>>,
}
