//! What both ends of a stream share: a bounded queue, and how it ended.

use std::{
    mem,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard},
    task::{Context, Poll, Waker},
};

use tokio::sync::Notify;

use super::error::{StreamError, Unsent};
use crate::{
    panics::{Each, dispose},
    sync::{lock, wake, watch},
};

/// The queue of a stream.
pub(super) struct Channel<T> {
    state: Mutex<State<T>>,
    /// So many items are ahead of the reader at most.
    pub(super) capacity: usize,
    /// Something was taken, or the stream has ended: for those who wait to send.
    taken: Notify,
    /// The stream has ended, or its reader has gone.
    over: Notify,
}

struct State<T> {
    queue: Each<T>,
    /// Items that have not been sent yet, and have their places.
    held: usize,
    /// Items that are on their way to a reader elsewhere, or with it, and that it has not used.
    away: usize,
    course: Course,
    /// Nobody reads it any more.
    unread: bool,
    reader: Option<Waker>,
    /// Waits for the end only. Apart from the reader: an ask that was given up may look once more beside the one that took its place.
    watcher: Option<Waker>,
}

/// How far a stream is.
enum Course {
    Open,
    /// It ends so when the queue is empty; nothing is added.
    Ended(Result<(), StreamError>),
    /// The reader has been told.
    Told,
}

/// What there is for a reader.
pub(super) enum Next<T> {
    Item(T),
    End(Result<(), StreamError>),
}

impl<T> Channel<T> {
    pub(super) fn new(capacity: usize) -> Arc<Self> {
        let state = State {
            queue: Each::default(),
            held: 0,
            away: 0,
            course: Course::Open,
            unread: false,
            reader: None,
            watcher: None,
        };
        Arc::new(Self {
            state: Mutex::new(state),
            capacity: capacity.max(1),
            taken: Notify::new(),
            over: Notify::new(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        lock(&self.state)
    }

    /// Adds an item, if there is room.
    pub(super) fn push(&self, item: T) -> Result<(), Unsent<T>> {
        let mut state = self.lock();
        let item = state.admit(item, self.capacity)?;
        state.queue.push(item);
        let reader = state.reader.take();
        drop(state);
        reader.into_iter().for_each(wake);
        Ok(())
    }

    /// Keeps a place for an item, if there is room.
    pub(super) fn hold(&self, item: T) -> Result<T, Unsent<T>> {
        let mut state = self.lock();
        let item = state.admit(item, self.capacity)?;
        state.held += 1;
        Ok(item)
    }

    /// Gives it back.
    pub(super) fn release(&self) {
        self.lock().held -= 1;
    }

    /// Adds an item as soon as there is room.
    pub(super) async fn push_waiting(&self, mut item: T) -> Result<(), Unsent<T>> {
        loop {
            // It counts from here on, so that nothing that happens after a look is missed.
            let mut taken = pin!(self.taken.notified());
            taken.as_mut().enable();
            match self.push(item) {
                Err(Unsent::Full(back)) => item = back,
                done => return done,
            }
            taken.await;
        }
    }

    /// The next item, or the end; that is told once.
    pub(super) fn poll_next(&self, task: &mut Context<'_>, goes_away: bool) -> Poll<Option<Next<T>>> {
        let mut spare = None;
        loop {
            let mut state = self.lock();
            if let Some(item) = state.queue.next() {
                state.away += usize::from(goes_away);
                drop(state);
                if !goes_away {
                    self.taken.notify_waiters();
                }
                return Poll::Ready(Some(Next::Item(item)));
            }
            match mem::replace(&mut state.course, Course::Told) {
                Course::Ended(end) => return Poll::Ready(Some(Next::End(end))),
                Course::Told => return Poll::Ready(None),
                Course::Open => state.course = Course::Open,
            }
            if state.unread {
                return Poll::Ready(None);
            }
            if watch(&mut state.reader, task.waker(), &mut spare) {
                return Poll::Pending;
            }
            drop(state);
            spare = Some(task.waker().clone());
        }
    }

    /// The end, if it is next, and was not told.
    pub(super) fn take_end(&self) -> Option<Result<(), StreamError>> {
        let mut state = self.lock();
        if !state.queue.is_empty() {
            return None;
        }
        match mem::replace(&mut state.course, Course::Told) {
            Course::Ended(end) => Some(end),
            course => {
                state.course = course;
                None
            }
        }
    }

    /// Whether nothing is added any more.
    pub(super) fn has_ended(&self) -> bool {
        !matches!(self.lock().course, Course::Open)
    }

    /// Ready once nothing is added any more.
    pub(super) fn poll_ended(&self, task: &mut Context<'_>) -> Poll<()> {
        let mut spare = None;
        loop {
            let mut state = self.lock();
            if state.unread || !matches!(state.course, Course::Open) {
                return Poll::Ready(());
            }
            if watch(&mut state.watcher, task.waker(), &mut spare) {
                return Poll::Pending;
            }
            drop(state);
            spare = Some(task.waker().clone());
        }
    }

    /// So many items may be added now.
    pub(super) fn room(&self) -> usize {
        self.capacity.saturating_sub(self.unused())
    }

    /// So many items are with the reader elsewhere, and not used.
    pub(super) fn set_away(&self, away: usize) {
        self.lock().away = away;
        self.taken.notify_waiters();
    }

    /// How many items wait here, or are with a reader elsewhere and not used.
    pub(super) fn unused(&self) -> usize {
        let state = self.lock();
        state.queue.len().saturating_add(state.away)
    }

    /// Ends it, unless it has ended: the reader gets what waits, and then this.
    pub(super) fn end(&self, how: Result<(), StreamError>) {
        let mut state = self.lock();
        if !matches!(state.course, Course::Open) {
            return;
        }
        state.course = Course::Ended(how);
        let told = [state.reader.take(), state.watcher.take()];
        drop(state);
        self.over();
        told.into_iter().flatten().for_each(wake);
    }

    /// Nobody reads it any more: what waits is dropped.
    pub(super) fn leave(&self) {
        let mut state = self.lock();
        state.unread = true;
        let (left, told) = (mem::take(&mut state.queue), [state.reader.take(), state.watcher.take()]);
        drop(state);
        self.over();
        told.into_iter().flatten().for_each(wake);
        discard(left);
    }

    fn over(&self) {
        self.taken.notify_waiters();
        self.over.notify_waiters();
    }

    /// Whether nothing can be sent any more.
    pub(super) fn is_over(&self) -> bool {
        let state = self.lock();
        state.unread || !matches!(state.course, Course::Open)
    }

    /// Ends when nothing can be sent any more.
    pub(super) async fn until_over(&self) {
        loop {
            let mut over = pin!(self.over.notified());
            over.as_mut().enable();
            if self.is_over() {
                return;
            }
            over.await;
        }
    }

    /// Ends when no more than half of what may wait here does: how many may be added. For whoever fetches them from elsewhere.
    pub(super) async fn until_half_empty(&self) -> usize {
        loop {
            let mut taken = pin!(self.taken.notified());
            taken.as_mut().enable();
            let unused = self.unused();
            if unused <= self.capacity / 2 || self.is_over() {
                return self.capacity.saturating_sub(unused);
            }
            taken.await;
        }
    }
}

impl<T> State<T> {
    /// The item, if it may be added.
    fn admit(&self, item: T, capacity: usize) -> Result<T, Unsent<T>> {
        if self.unread || !matches!(self.course, Course::Open) {
            return Err(Unsent::Closed(item));
        }
        if self.queue.len().saturating_add(self.away).saturating_add(self.held) >= capacity {
            return Err(Unsent::Full(item));
        }
        Ok(item)
    }
}

/// Drops items, which are the user's.
pub(super) fn discard<T>(items: T) {
    if let Err(panic) = dispose(items) {
        tracing::error!(target: "ember::call", %panic, "an item of a stream panicked as it was dropped");
    }
}

/// The reader's half. Dropped, nobody reads the stream any more.
pub(super) struct Receiver<T>(pub(super) Arc<Channel<T>>);

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        self.0.leave();
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        task::Wake,
    };

    use futures_util::FutureExt;

    use super::*;

    /// How often it was woken.
    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn next(channel: &Channel<u32>) -> Option<Option<Result<u32, Result<(), StreamError>>>> {
        let polled = channel.poll_next(&mut Context::from_waker(Waker::noop()), false);
        match polled {
            Poll::Ready(Some(Next::Item(item))) => Some(Some(Ok(item))),
            Poll::Ready(Some(Next::End(end))) => Some(Some(Err(end))),
            Poll::Ready(None) => Some(None),
            Poll::Pending => None,
        }
    }

    #[test]
    fn items_come_in_order_and_no_more_than_may_are_ahead_of_the_reader() {
        let channel = Channel::new(2);
        assert_eq!(next(&channel), None);
        channel.push(1).unwrap();
        channel.push(2).unwrap();
        assert!(matches!(channel.push(3), Err(Unsent::Full(3))));
        let mut waits = Box::pin(channel.push_waiting(3));
        assert!(waits.as_mut().now_or_never().is_none());
        assert_eq!(next(&channel), Some(Some(Ok(1))));
        assert!(waits.as_mut().now_or_never().unwrap().is_ok());
        channel.set_away(1);
        assert!(matches!(channel.push(4), Err(Unsent::Full(4))));
        assert_eq!((next(&channel), next(&channel)), (Some(Some(Ok(2))), Some(Some(Ok(3)))));
    }

    #[test]
    fn what_was_sent_comes_before_the_end_which_is_told_once() {
        let channel = Channel::new(4);
        channel.push(1).unwrap();
        channel.end(Err(StreamError::ServiceEnded));
        channel.end(Ok(()));
        assert!(matches!(channel.push(2), Err(Unsent::Closed(2))));
        assert_eq!(next(&channel), Some(Some(Ok(1))));
        assert_eq!(next(&channel), Some(Some(Err(Err(StreamError::ServiceEnded)))));
        assert_eq!(next(&channel), Some(None));
    }

    #[test]
    fn whoever_waits_for_the_end_takes_no_wake_up_from_whoever_waits_for_an_item() {
        let (channel, woken) = (Channel::new(2), Arc::new(Count::default()));
        let waker = Waker::from(Arc::clone(&woken));
        assert!(channel.poll_next(&mut Context::from_waker(&waker), true).is_pending());
        assert!(channel.poll_ended(&mut Context::from_waker(Waker::noop())).is_pending());
        channel.push(1).unwrap();
        assert_eq!(woken.0.load(Ordering::Relaxed), 1);
        assert!(channel.poll_ended(&mut Context::from_waker(&waker)).is_pending());
        assert!(channel.take_end().is_none());
        channel.end(Ok(()));
        assert_eq!(woken.0.load(Ordering::Relaxed), 2);
        assert!(channel.take_end().is_none(), "an item comes first");
        assert_eq!(next(&channel), Some(Some(Ok(1))));
        assert_eq!((channel.take_end(), channel.take_end()), (Some(Ok(())), None));
        assert!(channel.poll_ended(&mut Context::from_waker(&waker)).is_ready());
    }

    #[test]
    fn items_that_panic_as_they_are_dropped_end_nothing() {
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                panic!("on purpose");
            }
        }
        let channel = Channel::new(3);
        (0..3).for_each(|_| assert!(channel.push(Bomb).is_ok()));
        drop(Receiver(Arc::clone(&channel)));
        assert!(channel.is_over() && channel.unused() == 0);
    }

    #[test]
    fn a_sender_that_waits_learns_that_the_reader_has_gone() {
        let channel = Channel::new(1);
        let reader = Receiver(Arc::clone(&channel));
        channel.push(1).unwrap();
        let (mut waits, mut over) = (Box::pin(channel.push_waiting(2)), Box::pin(channel.until_over()));
        assert!(waits.as_mut().now_or_never().is_none() && over.as_mut().now_or_never().is_none());
        drop(reader);
        assert!(matches!(waits.as_mut().now_or_never(), Some(Err(Unsent::Closed(2)))));
        assert!(over.as_mut().now_or_never().is_some());
    }
}
