//! Writes what of a node has changed: in few transactions, again when that fails, and what the registry refuses behind all else.

use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

use super::{announce::Announcer, book::Mine, upkeep::Never};
use crate::registry::{LeaseId, Operation, RegistryError, Transaction};

/// How many writes go into one transaction; etcd takes 128.
const AT_ONCE: usize = 100;
/// How many bytes; etcd takes 1.5 MiB.
const BYTES_AT_ONCE: usize = 1 << 20;
/// Pauses after a write that failed.
const MIN_PAUSE: Duration = Duration::from_millis(50);
const MAX_PAUSE: Duration = Duration::from_secs(1);
/// What the registry does not take is tried again after this time,
const RETRY: Duration = Duration::from_secs(1);
/// and then ever more rarely, up to this.
const RARELY: Duration = Duration::from_secs(60);

/// Writes that go together.
struct Batch {
    operations: Vec<Operation>,
    /// Which of them are deletions.
    gone: Vec<Mine>,
}

impl Announcer {
    /// Writes what has changed, as often as it does. Returns when the lease is lost.
    pub(crate) async fn write_changes(&self, lease: LeaseId) -> Result<Never, RegistryError> {
        let (mut pause, mut most, mut is_said) = (MIN_PAUSE, AT_ONCE, false);
        let mut retry = RETRY;
        let mut retry_at = Instant::now() + retry;
        loop {
            let Batch { operations, gone } = self.next_batch(lease, most);
            let count = operations.len();
            if count == 0 {
                let (settled, has_refused) = {
                    let book = self.book();
                    (book.settled(), book.refused().is_some())
                };
                // Those who wait look into the book.
                self.written.send_replace(settled);
                if !has_refused {
                    self.found();
                }
                tokio::select! {
                    biased;
                    () = sleep_until(retry_at), if has_refused => {
                        self.book().retry();
                        retry = (retry * 2).min(RARELY);
                        retry_at = Instant::now() + retry;
                    }
                    () = self.changed.notified() => {}
                }
                continue;
            }
            let mut is_refused = false;
            let outcome = self.session.commit(Transaction { then: operations, ..Transaction::default() }).await;
            match outcome {
                Ok(outcome) => {
                    let settled = {
                        let mut book = self.book();
                        book.done(outcome.revision, |mine| gone.contains(&mine));
                        book.settled()
                    };
                    self.written.send_replace(settled);
                    (pause, most, is_said) = (MIN_PAUSE, AT_ONCE, false);
                    continue;
                }
                Err(RegistryError::LeaseNotFound(id)) => return Err(RegistryError::LeaseNotFound(id)),
                // One of them is not wanted there: the others need not wait for it.
                Err(RegistryError::Rejected(_)) if count > 1 => {
                    self.book().rejected();
                    most = count / 2;
                    continue;
                }
                Err(RegistryError::Rejected(why)) => {
                    let (is_more, news) = {
                        let mut book = self.book();
                        (book.refused().is_some(), book.refuse(&why))
                    };
                    // A registry that takes nothing at all is asked once for each, one at a time, and then ever more rarely. What
                    // changes meanwhile does not wait for that.
                    (most, is_refused) = (1, true);
                    let is_first = !news.is_empty();
                    for mine in news {
                        let what = self.name(mine);
                        tracing::error!(
                            target: "ember::cluster", what, why,
                            "the registry does not take this entry: others do not see it. It is tried again now and then"
                        );
                    }
                    // However many follow, they do not have the others asked for more often.
                    if is_first && !is_more {
                        retry = RETRY;
                        retry_at = Instant::now() + retry;
                    }
                    if is_first {
                        continue;
                    }
                }
                // It may have been written. What is written again is the same, or newer.
                Err(error) => {
                    if !std::mem::replace(&mut is_said, true) {
                        tracing::warn!(target: "ember::cluster", %error, count, "not written in the registry: trying again");
                    }
                    self.book().failed();
                }
            }
            self.prune();
            tokio::select! {
                biased;
                () = self.changed.notified(), if is_refused => {}
                () = sleep(pause / 2 + self.config.rng.jitter(pause / 2)) => pause = (pause * 2).min(MAX_PAUSE),
            }
        }
    }

    /// What is to be written next: so much as one transaction takes, so that peers see a small node and its services at once.
    fn next_batch(&self, lease: LeaseId, most: usize) -> Batch {
        let mut batch = Batch { operations: Vec::new(), gone: Vec::new() };
        let Some(source) = self.source.upgrade() else { return batch };
        let mut bytes = 0;
        while batch.operations.len() < most {
            let Some(mine) = self.book().take() else { break };
            // Read after it was taken: a change from now on finds it a new place.
            let operation = match source.entry(mine) {
                Some(value) => Operation::Put { key: self.key(mine), value, lease: Some(lease) },
                None if self.book().may_be_written(mine) => {
                    batch.gone.push(mine);
                    Operation::Delete { key: self.key(mine) }
                }
                None => {
                    self.book().drop_taken(mine);
                    continue;
                }
            };
            bytes += operation.size();
            if bytes > BYTES_AT_ONCE && !batch.operations.is_empty() {
                self.book().untake(mine);
                break;
            }
            self.book().sends(mine);
            batch.operations.push(operation);
        }
        batch
    }

    /// While the registry is away, services come and go. The source is never asked with the book locked: whoever changes
    /// a state comes here with that locked.
    pub(crate) fn prune(&self) {
        let Some(source) = self.source.upgrade() else { return };
        let unwritten = self.book().unwritten();
        for mine in unwritten.into_iter().filter(|mine| source.entry(*mine).is_none()) {
            self.book().forget(mine);
        }
    }
}
