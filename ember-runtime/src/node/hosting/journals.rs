//! The journals of the replicated services that a node hosts: found before a service is started, and told of what its replica has to write down.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use tokio::{task::spawn_blocking, time::sleep};

use crate::{
    actor::{AnyCell, Service},
    call::Router,
    error::{Error, Result},
    id::Pid,
    journal::{Journal, Progress, open},
    node::settings::{Hosted, Kept, journal},
    replica::{Replica, Terms, journal::Restored},
    sync::ordered,
};

/// A state that could not be had, to make a journal shorter, is asked for again after this.
const AGAIN: Duration = Duration::from_secs(1);

/// The same, with its journal found, if it is to have one. Its thread is not held up by the disk. `real`: whether time is not simulated.
///
/// # Errors
/// The journal is another's, or not to be believed; or the service has nothing to write down.
pub(super) async fn opened<S: Service>(mut hosted: Hosted<S>, real: bool) -> Result<Hosted<S>> {
    if let Some(Kept::In(folder)) = hosted.journal {
        journal(S::SPEC.name, S::REPLICA.is_some(), &folder)?;
        let found = if real {
            let found = spawn_blocking(move || open(&folder, real)).await;
            found.map_err(|ended| Error::other(format!("a journal could not be read: {ended}")))??
        } else {
            // The time of a simulation waits for no thread.
            open(&folder, real)?
        };
        hosted.journal = Some(Kept::Opened(Box::new(found)));
    }
    Ok(hosted)
}

/// A journal that is written from now on, and what it had.
pub(super) struct Begun {
    journal: Arc<Journal>,
    restored: Option<Restored>,
}

/// Begins the journal of an instance, if it has one.
///
/// # Errors
/// It is that of another group, or of other types.
pub(super) fn begun<S: Service>(kept: Option<Kept>, cell: &dyn AnyCell) -> Result<Option<Begun>> {
    let (found, kind) = match (kept, S::REPLICA) {
        (None, _) => return Ok(None),
        (Some(Kept::Opened(found)), Some(kind)) => (*found, kind),
        (Some(_), _) => {
            return Err(Error::Configuration(format!(
                "the service `{}`: `.journal(…)` is that of one instance: start it by `.spawn(…)`, and not among others",
                S::SPEC.name
            )));
        }
    };
    let (journal, restored) = found.start(cell.identity().office().to_string(), (kind.fingerprints)())?;
    Ok(Some(Begun { journal: Arc::new(journal), restored }))
}

/// What an instance of a replicated service has of its group's log: nothing yet, or what was in its journal. `most`: so many members at most.
pub(super) fn replica<S: Service>(
    pid: Pid,
    most: Option<usize>,
    kept: Option<Begun>,
    router: &Arc<Router>,
) -> Option<Arc<Replica>> {
    let kind = S::REPLICA?;
    let (min_in_sync, waits, records) = (S::SPEC.min_in_sync, !S::SPEC.acks_of_leader, router.replicas.kept_records());
    let terms = Terms { min_in_sync, waits, most, kept: records };
    let replica = Arc::new(Replica::new(pid, (kind.fingerprints)(), terms, router.fitting(usize::MAX)));
    if let Some(kept) = kept {
        kept.keep(&replica, router);
    }
    router.replicas.add(pid.number, Arc::clone(&replica));
    Some(replica)
}

impl Begun {
    /// The replica begins with what the journal had, and writes down what becomes of that.
    fn keep(self, replica: &Arc<Replica>, router: &Arc<Router>) {
        let (progress, pause) = (self.journal.progress(), self.journal.pause());
        replica.keeps(self.journal, self.restored);
        let (replica, router_of) = (Arc::downgrade(replica), Arc::downgrade(router));
        drop(router.runtime().spawn(follow((progress, pause), replica, router_of)));
    }
}

/// Tells a replica how far its journal has come, and has that made shorter, until either is gone.
async fn follow(
    (mut progress, pause): (ordered::Receiver<Progress>, Option<Duration>),
    replica: Weak<Replica>,
    router: Weak<Router>,
) {
    let mut shortening = tokio::task::JoinSet::new();
    loop {
        let Ok(now) = progress.wait_for(|_| true).await else { return };
        let Some(of) = replica.upgrade() else { return };
        of.is_on_disk(now.kept, now.syncs);
        if let Some(why) = &now.failed {
            return of.breaks(why);
        }
        if now.is_long && shortening.is_empty() {
            shortening.spawn(shorten(Arc::downgrade(&of), router.clone()));
        }
        // Whoever waits here does not keep it: with it its journal ends.
        drop(of);
        tokio::select! {
            biased;
            changed = progress.changed() => {
                if changed.is_err() {
                    return;
                }
                if let Some(pause) = pause {
                    sleep(pause).await;
                }
            }
            Some(_) = shortening.join_next() => {}
        }
    }
}

/// Gives the journal the state as it is now. At most one for a while: what was asked for takes its time to be written.
async fn shorten(replica: Weak<Replica>, router: Weak<Router>) {
    if let (Some(of), Some(router)) = (replica.upgrade(), router.upgrade())
        && let Some((at, state)) = router.replicas.picture(of.pid().number, &router.cells).await
    {
        of.shorten(at, state);
    }
    sleep(AGAIN).await;
}
