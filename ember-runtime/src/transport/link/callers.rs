//! All calls of one link that wait for their replies, in parts: callers on several threads do not meet in one lock, nor in one
//! counter of references.

use std::{
    array, fmt,
    sync::{
        Arc, Mutex, MutexGuard, Weak,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
};

use tokio::time::Instant;

use crate::{
    sync::lock,
    transport::{
        protocol::{Correlation, RawAnswer},
        stream::{PARTS, Pending},
    },
};

/// A link, for those whose calls wait: they may give up.
pub(crate) trait Abandon: Send + Sync {
    /// Nobody waits for this call any more.
    fn abandon(&self, call: Correlation);
}

/// The calls of a link that wait.
#[derive(Debug)]
pub(crate) struct Callers([Arc<Part>; PARTS]);

/// Those that were made by one thread, or a few.
#[repr(align(128))]
pub(crate) struct Part {
    pub(crate) pending: Mutex<Pending>,
    pub(crate) session: Weak<dyn Abandon>,
}

/// The part that this thread uses first.
fn own() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static OWN: usize = NEXT.fetch_add(1, Ordering::Relaxed);
    }
    // A thread that ends may use any.
    OWN.try_with(|own| own % PARTS).unwrap_or_default()
}

impl Part {
    /// The answer, once it is there. `is_watched` tells whether this was called before.
    #[inline]
    pub(crate) fn poll(&self, call: Correlation, is_watched: &mut bool, task: &Context<'_>) -> Poll<RawAnswer> {
        // Cloned before it is locked; later on mostly the right one is there.
        let mut spare = (!*is_watched).then(|| task.waker().clone());
        *is_watched = true;
        loop {
            let polled = lock(&self.pending).poll(call, task.waker(), &mut spare);
            match polled {
                Some(answer) => return answer,
                None => spare = Some(task.waker().clone()),
            }
        }
    }
}

impl Callers {
    pub(crate) fn of(session: Weak<dyn Abandon>) -> Self {
        Self(array::from_fn(|part| {
            Arc::new(Part { pending: Mutex::new(Pending::of_part(part as u32)), session: session.clone() })
        }))
    }

    /// Takes a slot; `None` if there are too many calls already. Tells whether the deadline is an early one.
    #[inline]
    pub(crate) fn insert(&self, position: u64, deadline: Option<Instant>) -> Option<(&Arc<Part>, Correlation, bool)> {
        let own = own();
        (0..PARTS).find_map(|more| {
            let part = &self.0[(own + more) % PARTS];
            let (correlation, early) = lock(&part.pending).insert(position, deadline)?;
            Some((part, correlation, early))
        })
    }

    /// Gives back what bursts have left.
    pub(crate) fn tidy(&self) {
        self.0.iter().for_each(|part| lock(&part.pending).tidy());
    }

    /// Those among which this call is.
    pub(crate) fn part_of(&self, call: Correlation) -> MutexGuard<'_, Pending> {
        lock(&self.part(call).pending)
    }

    pub(crate) fn part(&self, call: Correlation) -> &Arc<Part> {
        &self.0[call.index as usize % PARTS]
    }

    /// Whether none of them is locked.
    #[cfg(test)]
    pub(crate) fn are_free(&self) -> bool {
        self.0.iter().all(|part| part.pending.try_lock().is_ok())
    }

    /// Answers calls; wake `wakers` then.
    pub(crate) fn complete(&self, answers: impl Iterator<Item = (Correlation, RawAnswer)>, wakers: &mut Vec<Waker>) {
        let mut locked = [const { None }; PARTS];
        for (call, answer) in answers {
            let part = call.index as usize % PARTS;
            let pending = locked[part].get_or_insert_with(|| lock(&self.0[part].pending));
            wakers.extend(pending.complete(call, answer));
        }
    }

    /// When [`expire`](Self::expire) wants to be called.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.0.iter().filter_map(|part| lock(&part.pending).due()).min()
    }

    /// Answers the calls whose deadlines have passed.
    pub(crate) fn expire(&self, now: Instant) -> Vec<Waker> {
        let due = |part: &Arc<Part>| {
            let mut pending = lock(&part.pending);
            // A part that rests is left alone, whatever is due in others.
            pending.due().is_some_and(|due| due <= now).then(|| pending.expire(now))
        };
        self.0.iter().filter_map(due).flatten().collect()
    }

    /// Answers all that wait: what starts at or after `taken` has certainly not left this process.
    pub(crate) fn sweep(&self, taken: u64, why: &str) -> Vec<Waker> {
        self.0.iter().flat_map(|part| lock(&part.pending).sweep(taken, why)).collect()
    }

    /// How many calls wait.
    pub(crate) fn waiting(&self) -> usize {
        self.0.iter().map(|part| lock(&part.pending).waiting()).sum()
    }
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        lock(&self.pending).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use std::{thread, time::Duration};

    use super::*;

    struct Nobody;

    impl Abandon for Nobody {
        fn abandon(&self, _: Correlation) {}
    }

    #[test]
    fn a_part_is_looked_through_when_its_own_deadlines_are_due_and_not_when_those_of_others_are() {
        let callers = Callers::of(Weak::<Nobody>::new());
        let soon = Instant::now();
        let late = soon + Duration::from_micros(100);
        // Each thread has a part that it uses first.
        let insert = |deadline| {
            thread::scope(|scope| scope.spawn(|| callers.insert(0, Some(deadline)).unwrap().1).join().unwrap())
        };
        let part = |call: Correlation| call.index as usize % PARTS;
        let first = insert(soon);
        let other = (0..64).map(|_| insert(late)).find(|call| part(*call) != part(first)).unwrap();
        callers.expire(soon);
        assert_eq!(callers.part_of(other).due(), Some(late), "it was looked through, and rests");
        callers.expire(late);
        assert_eq!(callers.part_of(other).due(), None);
    }

    #[test]
    fn slots_of_several_threads_differ_and_each_answer_finds_its_own() {
        let callers = Callers::of(Weak::<Nobody>::new());
        let insert = || {
            let (_, call, _) = callers.insert(0, None).unwrap();
            call
        };
        let mut calls: Vec<_> = thread::scope(|scope| {
            let threads: Vec<_> = (0..9).map(|_| scope.spawn(|| [insert(), insert()])).collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(callers.waiting(), 18);
        let mut wakers = Vec::new();
        callers.complete(calls.iter().map(|&call| (call, RawAnswer::Value(bytes::Bytes::new().into()))), &mut wakers);
        assert_eq!((callers.waiting(), wakers.len()), (0, 0));
        calls.sort_by_key(|call| call.index);
        calls.dedup();
        assert_eq!(calls.len(), 18);
    }
}
