//! What the user awaits may be polled by an executor of the user's, and its waker may panic: in whoever wakes it, which would leave
//! others unwoken that were to be woken with it, or end a task of the node's.

use std::{
    future::poll_fn,
    pin::pin,
    sync::Arc,
    task::{Context, Wake, Waker},
};

use crate::panics::woken;

/// Awaits `future` in such a way that a waker which panics, as it is woken or dropped, harms nobody but the task that it belongs to.
pub(crate) async fn shielded<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut kept: Option<Arc<Shield>> = None;
    poll_fn(|task| {
        let shield = match kept.take().filter(|shield| shield.wakes_with(task.waker())) {
            Some(shield) => shield,
            None => Arc::new(Shield(Some(task.waker().clone()))),
        };
        kept = Some(Arc::clone(&shield));
        future.as_mut().poll(&mut Context::from_waker(&Waker::from(shield)))
    })
    .await
}

/// A waker that does not panic. It is there until it is dropped.
struct Shield(Option<Waker>);

impl Shield {
    fn wakes_with(&self, waker: &Waker) -> bool {
        self.0.as_ref().is_some_and(|own| own.will_wake(waker))
    }
}

impl Wake for Shield {
    fn wake(self: Arc<Self>) {
        woken(|| self.0.iter().for_each(Waker::wake_by_ref));
    }
}

impl Drop for Shield {
    fn drop(&mut self) {
        woken(|| drop(self.0.take()));
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        task::Poll,
    };

    use tokio::sync::watch;

    use super::*;

    /// Panics when it is woken, and when it is dropped.
    struct Bad;

    impl Wake for Bad {
        fn wake(self: Arc<Self>) {
            panic!("this waker panics");
        }
    }

    impl Drop for Bad {
        fn drop(&mut self) {
            panic!("this waker panics, too, as it is dropped");
        }
    }

    /// Counts how often it is woken.
    #[derive(Default)]
    struct Counts(AtomicUsize);

    impl Wake for Counts {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn future_that_moves_to_another_task_wakes_that_one() {
        let sender = watch::Sender::new(0);
        let mut receiver = sender.subscribe();
        let mut waits = Box::pin(shielded(async move { receiver.changed().await }));
        let (first, second) = (Arc::new(Counts::default()), Arc::new(Counts::default()));
        for task in [&first, &first, &second] {
            let waker = Waker::from(Arc::clone(task));
            assert!(waits.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        }
        sender.send_replace(1);
        assert_eq!([&first, &second].map(|task| task.0.load(Ordering::Relaxed)), [0, 1]);
    }

    #[test]
    fn waker_that_panics_as_it_is_woken_or_dropped_does_so_in_nobody_else() {
        let sender = watch::Sender::new(0);
        let mut receiver = sender.subscribe();
        let mut waits = Box::pin(shielded(async move { receiver.changed().await }));
        let waker = Waker::from(Arc::new(Bad));
        assert!(waits.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        // The shield has the last one.
        drop(waker);
        sender.send_replace(1);
        drop(sender);
        assert!(matches!(waits.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(Ok(()))));
    }
}
