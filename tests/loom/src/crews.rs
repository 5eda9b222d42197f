//! Threads that take pieces of work while these are given.

use std::{sync::LockResult, time::Duration};

use loom::{
    sync::{
        Arc, MutexGuard,
        atomic::{AtomicU32, Ordering},
    },
    thread,
};

use super::crew::{Crew, Given};

/// As loom's, which never is late: here one that waits for no time is late at once.
pub(crate) struct Condvar(loom::sync::Condvar);

/// Whether nobody came.
pub(crate) struct Late(bool);

impl Late {
    pub(crate) fn timed_out(&self) -> bool {
        self.0
    }
}

impl Condvar {
    pub(crate) fn new() -> Self {
        Self(loom::sync::Condvar::new())
    }

    pub(crate) fn notify_one(&self) {
        self.0.notify_one();
    }

    pub(crate) fn notify_all(&self) {
        self.0.notify_all();
    }

    pub(crate) fn wait_timeout<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        patience: Duration,
    ) -> LockResult<(MutexGuard<'a, T>, Late)> {
        if patience.is_zero() {
            return Ok((guard, Late(true)));
        }
        Ok((self.0.wait(guard).unwrap(), Late(false)))
    }
}

struct Pool {
    crew: Crew<u32>,
    done: AtomicU32,
}

impl Pool {
    fn new() -> Arc<Self> {
        Arc::new(Self { crew: Crew::new(), done: AtomicU32::new(0) })
    }

    /// What a thread does.
    fn work(&self, patience: Duration) {
        while let Some(piece) = self.crew.next(patience) {
            self.done.fetch_add(piece, Ordering::SeqCst);
            self.crew.rest();
        }
    }
}

/// Threads take turns by force three times at most: more is more than anybody waits for.
fn model(run: impl Fn() + Send + Sync + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(run);
}

/// Gives a piece, and starts a thread if it must.
fn give(pool: &Arc<Pool>, piece: u32, patience: Duration) -> Option<thread::JoinHandle<()>> {
    let started = pool.crew.give(piece) == Ok(Given::StartOne);
    started.then(|| {
        let pool = Arc::clone(pool);
        thread::spawn(move || pool.work(patience))
    })
}

#[test]
fn what_is_given_to_threads_that_are_about_to_end_is_done_all_the_same() {
    model(|| {
        let pool = Pool::new();
        let threads: Vec<_> = [1, 2, 4].into_iter().filter_map(|piece| give(&pool, piece, Duration::ZERO)).collect();
        assert!(!threads.is_empty());
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!((pool.done.load(Ordering::SeqCst), pool.crew.threads()), (7, 0));
    });
}

#[test]
fn threads_that_sleep_are_woken_for_what_comes_and_for_the_end() {
    model(|| {
        let pool = Pool::new();
        let mut threads: Vec<_> = give(&pool, 1, Duration::MAX).into_iter().collect();
        threads.extend(give(&pool, 2, Duration::MAX));
        let left: u32 = pool.crew.close().into_iter().sum();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!((pool.done.load(Ordering::SeqCst) + left, pool.crew.threads()), (3, 0));
    });
}

#[test]
fn two_who_give_at_once_start_as_many_threads_as_are_needed() {
    model(|| {
        let pool = Pool::new();
        let other = thread::spawn({
            let pool = Arc::clone(&pool);
            move || give(&pool, 1, Duration::ZERO)
        });
        let mine = give(&pool, 2, Duration::ZERO);
        let threads = [other.join().unwrap(), mine];
        assert!(threads.iter().any(Option::is_some));
        threads.into_iter().flatten().for_each(|thread| thread.join().unwrap());
        assert_eq!((pool.done.load(Ordering::SeqCst), pool.crew.threads()), (3, 0));
    });
}

#[test]
fn what_nobody_has_taken_when_it_is_closed_comes_back() {
    model(|| {
        let pool = Pool::new();
        let thread = give(&pool, 1, Duration::MAX).expect("the first piece has no thread yet");
        let left: u32 = pool.crew.close().into_iter().sum();
        thread.join().unwrap();
        assert_eq!(pool.done.load(Ordering::SeqCst) + left, 1);
        assert_eq!(pool.crew.give(2), Err(2));
    });
}
