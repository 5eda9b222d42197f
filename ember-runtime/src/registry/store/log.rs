//! What has happened, on its way to whoever keeps it: the store fills it under its mutex, one thread empties it. Nobody waits for a disk
//! but those who want to know what is not kept yet.

use std::{
    mem,
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use super::contents::Entry;
use crate::{
    registry::store::terms::{StoreError, limits},
    sync::{lock, ordered, shielded},
};

/// Between a store and its keeper.
#[derive(Debug)]
pub(crate) struct Log {
    queue: Mutex<Queue>,
    /// There is something for the keeper to do.
    filled: Condvar,
    /// The revision up to which everything is kept, and so may be seen.
    shown: AtomicI64,
    /// For those who wait until something is kept.
    kept: ordered::Sender<()>,
    /// The store's, for those who watch it.
    changed: Arc<ordered::Sender<()>>,
}

#[derive(Debug, Default)]
struct Queue {
    entries: Vec<Entry>,
    bytes: usize,
    /// Entries so far.
    appended: u64,
    /// Of those, how many nobody needs to wait for.
    kept: u64,
    /// Nothing is kept at present, so nobody waits for it.
    given_up: bool,
    /// All of it is to be written anew.
    anew: bool,
    closed: bool,
    /// Something happened that will not be kept.
    lost: bool,
}

/// What the keeper is to do.
#[derive(Debug)]
pub(crate) enum Taken {
    /// Keep these; then say so, with the number.
    Entries(Vec<Entry>, u64),
    /// Write everything anew.
    Anew,
    /// Nothing has happened for the time it wanted to wait.
    Nothing,
    /// Nothing will be any more.
    Closed,
}

impl Log {
    /// For a store at `revision`, all of which is kept.
    pub(super) fn new(revision: i64, changed: Arc<ordered::Sender<()>>) -> Self {
        let (queue, shown) = (Mutex::default(), AtomicI64::new(revision));
        Self { queue, filled: Condvar::new(), shown, kept: ordered::Sender::default(), changed }
    }

    /// Called under the store's mutex: the order is that in which things happened.
    pub(super) fn append(&self, entries: Vec<Entry>) {
        let mut queue = lock(&self.queue);
        if queue.closed {
            queue.lost = true;
        } else {
            queue.bytes += entries.iter().map(Entry::size).sum::<usize>();
            queue.appended += entries.len() as u64;
            queue.entries.extend(entries);
            self.filled.notify_one();
        }
    }

    /// The revision up to which everything may be seen.
    pub(super) fn shown(&self) -> i64 {
        self.shown.load(Ordering::Acquire)
    }

    /// Waits until everything that has happened is kept. Cancel safe.
    pub(super) async fn settled(&self) -> Result<(), StoreError> {
        let wanted = lock(&self.queue).appended;
        self.wait(|queue| queue.kept >= wanted).await
    }

    /// Waits until there is room for more. Cancel safe.
    pub(super) async fn room(&self) -> Result<(), StoreError> {
        self.wait(|queue| queue.bytes < limits::UNKEPT_BYTES).await
    }

    async fn wait(&self, done: impl Fn(&Queue) -> bool) -> Result<(), StoreError> {
        let mut kept = self.kept.subscribe();
        loop {
            kept.mark_unchanged();
            {
                let queue = lock(&self.queue);
                if queue.lost {
                    return Err(StoreError::Stopped);
                }
                if queue.given_up || done(&queue) {
                    return Ok(());
                }
            }
            let _progress_or_the_end = shielded(kept.changed()).await;
        }
    }

    /// Waits for something to do, at most for so long. Blocks.
    pub(crate) fn take(&self, patience: Option<Duration>) -> Taken {
        let mut queue = lock(&self.queue);
        let mut waited = false;
        loop {
            if mem::take(&mut queue.anew) {
                return Taken::Anew;
            }
            if !queue.entries.is_empty() {
                return Taken::Entries(mem::take(&mut queue.entries), queue.appended);
            }
            if queue.closed {
                return Taken::Closed;
            }
            if waited {
                return Taken::Nothing;
            }
            queue = match patience {
                Some(patience) => {
                    let (queue, timeout) =
                        self.filled.wait_timeout(queue, patience).unwrap_or_else(PoisonError::into_inner);
                    waited = timeout.timed_out();
                    queue
                }
                None => self.filled.wait(queue).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    /// Everything up to the number is kept, and with it everything up to `revision`.
    pub(crate) fn kept(&self, number: u64, revision: i64) {
        let mut queue = lock(&self.queue);
        queue.kept = number;
        if queue.entries.is_empty() {
            queue.bytes = 0;
        } else {
            queue.bytes = queue.entries.iter().map(Entry::size).sum();
        }
        if !queue.given_up {
            self.shown.store(revision, Ordering::Release);
        }
        drop(queue);
        self.tell();
    }

    /// From now on nothing is kept, and everything may be seen at once; or, with `false`, again only what is kept: up to `revision`.
    pub(crate) fn give_up(&self, given_up: bool, revision: i64) {
        let mut queue = lock(&self.queue);
        queue.given_up = given_up;
        self.shown.store(if given_up { i64::MAX } else { revision }, Ordering::Release);
        drop(queue);
        self.tell();
    }

    /// Has everything written anew: what was written is gone.
    pub(crate) fn write_anew(&self) {
        lock(&self.queue).anew = true;
        self.filled.notify_one();
    }

    /// What happens from now on is not kept, and nobody hears that it was. What happened before still is.
    pub(crate) fn close(&self) {
        lock(&self.queue).closed = true;
        self.filled.notify_one();
        self.tell();
    }

    /// Nothing is kept any more, also of what happened before.
    pub(crate) fn end(&self) {
        {
            let mut queue = lock(&self.queue);
            (queue.closed, queue.lost) = (true, queue.lost || queue.kept < queue.appended);
        }
        self.tell();
    }

    fn tell(&self) {
        self.kept.send_replace(());
        self.changed.send_replace(());
    }
}
