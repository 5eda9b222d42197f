//! Whom the thread of heartbeats wakes. What an executor of the user's does as it is woken is the user's code: it may block, and the
//! heartbeats of all links with it.

use std::{
    future::poll_fn,
    task::{Poll, Waker},
};

use tokio::task::spawn_blocking;

use crate::sync::wake;

/// Where those are woken who are no tasks of tokio's.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Wakes {
    /// At once: on the runtime of the node, where this happens in other places too.
    Here,
    /// On a thread that may be blocked.
    Aside,
}

impl Wakes {
    /// Wakes all of them, tasks of tokio's first. It is itself called in one.
    pub(crate) async fn wake(self, wakers: Vec<Waker>) {
        if wakers.is_empty() {
            return;
        }
        let own = poll_fn(|task| Poll::Ready(task.waker().clone())).await;
        let is_task = |waker: &Waker| matches!(self, Self::Here) || std::ptr::eq(waker.vtable(), own.vtable());
        let (tasks, others): (Vec<_>, Vec<_>) = wakers.into_iter().partition(is_task);
        tasks.into_iter().for_each(wake);
        if !others.is_empty() {
            spawn_blocking(|| others.into_iter().for_each(wake));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{Arc, mpsc},
        task::Wake,
        thread,
    };

    use super::*;

    /// Says on which thread it is woken, and panics.
    struct Says(mpsc::Sender<thread::ThreadId>);

    impl Wake for Says {
        fn wake(self: Arc<Self>) {
            self.0.send(thread::current().id()).expect("it is heard");
            panic!("this waker panics");
        }
    }

    #[tokio::test]
    async fn wakers_of_other_executors_run_on_another_thread_if_they_are_to() {
        for (wakes, is_here) in [(Wakes::Here, true), (Wakes::Aside, false)] {
            let (says, said) = mpsc::channel();
            let task = tokio::spawn(async move {
                let waker = || Waker::from(Arc::new(Says(says.clone())));
                wakes.wake(vec![waker(), waker()]).await;
                thread::current().id()
            });
            let here = task.await.expect("no panic");
            let woken = tokio::task::spawn_blocking(move || said.iter().collect::<Vec<_>>()).await.expect("no panic");
            assert_eq!(woken.iter().map(|thread| *thread == here).collect::<Vec<_>>(), [is_here; 2], "{wakes:?}");
        }
    }
}
