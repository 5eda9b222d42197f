//! Renews a node's lease when its workers are held up and cannot: on a thread where code of users never runs. Workers that are held
//! up for good do not keep a node in the registry: then it gives its lease up.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    task::spawn_blocking,
    time::{Instant, sleep, timeout},
};

use crate::{
    net::PULSE,
    office::{Sent, Tenure},
    registry::{Lease, LeaseId, RegistryError, Session},
    sync::{AbortOnDrop, lock},
};

/// How long a renewal, or the end of the lease, may take.
const OPERATION: Duration = Duration::from_secs(2);
/// The longest pause between two looks.
const LOOK: Duration = Duration::from_millis(500);

/// What is known of the workers.
#[derive(Clone)]
pub(crate) struct Stalls {
    /// For how long they have not run what they were asked to.
    pub(crate) late: Arc<dyn Fn(Instant) -> Duration + Send + Sync>,
    /// After which time they are given up.
    pub(crate) limit: Duration,
}

/// When the request for the last renewal was sent.
#[derive(Clone)]
pub(crate) struct Renewed {
    last: Arc<Mutex<Instant>>,
    tenure: Arc<Tenure>,
    lease: Lease,
}

impl Renewed {
    pub(crate) fn new(sent: Instant, tenure: Arc<Tenure>, lease: Lease) -> Self {
        Self { last: Arc::new(Mutex::new(sent)), tenure, lease }
    }

    pub(crate) fn at(&self) -> Instant {
        *lock(&self.last)
    }

    /// One was sent at that time, and it was answered.
    pub(crate) fn set(&self, sent: Instant) {
        let mut last = lock(&self.last);
        *last = sent.max(*last);
    }

    /// What is held by the lease is held for so much longer.
    pub(crate) fn extend(&self, sent: Sent) {
        self.tenure.extend(self.lease.id, sent, self.lease.ttl);
    }
}

/// Stands in for a lease that the node itself renews at this `pace`, until what is returned is dropped. Nobody does for a session that works
/// on its own runtime only.
pub(crate) fn stand_in(
    session: &dyn Session,
    stalls: &Stalls,
    renewed: Renewed,
    pace: Duration,
) -> Option<AbortOnDrop> {
    let (apart, thread) = (session.apart()?, PULSE.handle()?);
    Some(AbortOnDrop(thread.spawn(run(apart, stalls.clone(), renewed, pace)).abort_handle()))
}

async fn run(session: Arc<dyn Session>, stalls: Stalls, renewed: Renewed, pace: Duration) {
    // A third of the node's own lease: an eighth of that, and half of it.
    let (look, overdue, lease) = ((pace * 3 / 8).min(LOOK), pace * 3 / 2, renewed.lease);
    loop {
        let before = Instant::now();
        sleep(look).await;
        let now = Instant::now();
        // Or this process itself stood still.
        let woke = now < before + look + LOOK;
        if woke && (stalls.late)(now) >= stalls.limit {
            // What is held by it ends before it does.
            renewed.tenure.end();
            return give_up(&*session, lease.id, stalls.limit).await;
        }
        if now < renewed.at() + overdue {
            continue;
        }
        let sent = renewed.tenure.sends();
        match timeout(OPERATION, session.keep_alive(lease.id)).await {
            Ok(Ok(_)) => {
                renewed.set(now);
                renewed.extend(sent);
            }
            // The node takes another when it can.
            Ok(Err(RegistryError::LeaseNotFound(_))) => return,
            Ok(Err(error)) => {
                tracing::debug!(target: "ember::cluster", %error, "the lease could not be renewed for workers that are held up");
            }
            Err(_) => {}
        }
    }
}

/// Takes the node out of the registry. When its workers are free again, it writes itself anew, under another lease.
async fn give_up(session: &dyn Session, lease: LeaseId, limit: Duration) {
    // On a thread of its own: what a log is written to may block.
    spawn_blocking(move || {
        tracing::error!(
            target: "ember::cluster", ?limit,
            "the workers of this node were held up for so long that it gives up its place in the cluster until they are free"
        );
    });
    // If the registry is away, the lease ends by itself: nobody renews it.
    let _ = timeout(OPERATION, session.revoke(lease)).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        net::OsNetwork,
        office::BootClock,
        registry::{Context, InProcess, Registry},
        rng::Rng,
    };

    const TTL: Duration = Duration::from_secs(4);

    /// What is left of a lease after `seconds` in which nobody else renews it and the workers are late by `late`, to be given up after 30 s.
    async fn after(seconds: u64, late: fn(u64) -> u64, ttl: Duration) -> Result<Duration, RegistryError> {
        let context = Context { cluster: "c".into(), network: Arc::new(OsNetwork), rng: Rng::from_seed(1) };
        let session = InProcess::default().open(context).await.unwrap();
        let tenure = Arc::new(Tenure::new(BootClock::new(false)));
        let (sent, begun, lease) = (Instant::now(), tenure.sends(), session.grant(ttl).await.unwrap());
        tenure.begin(lease.id, begun, lease.ttl);
        let late = move |now: Instant| Duration::from_secs(late(now.duration_since(sent).as_secs()));
        let stalls = Stalls { late: Arc::new(late), limit: Duration::from_secs(30) };
        let apart = session.apart().unwrap();
        let renewed = Renewed::new(sent, tenure, lease);
        let task = tokio::spawn(run(apart, stalls, renewed.clone(), TTL / 3));
        // tidy: sleep: the time that workers are held up is what is tested, on a paused clock
        sleep(Duration::from_secs(seconds)).await;
        task.abort();
        session.keep_alive(lease.id).await.map(|lease| lease.ttl.saturating_sub(renewed.at().elapsed()))
    }

    #[tokio::test(start_paused = true)]
    async fn a_lease_is_kept_for_workers_that_are_held_up_until_the_limit() {
        assert!(after(29, |second| second, TTL).await.is_ok());
        assert!(matches!(after(33, |second| second, TTL).await, Err(RegistryError::LeaseNotFound(_))));
        // Now and then for a while is not for good.
        assert!(after(300, |second| second % 20, TTL).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_longer_lease_is_kept_at_the_pace_of_the_node() {
        let long = Duration::from_secs(30);
        for seconds in [9, 10, 20] {
            let left = after(seconds, |second| second, long).await.unwrap();
            assert!(left > long - Duration::from_secs(3), "{left:?} after {seconds} s");
        }
    }
}
