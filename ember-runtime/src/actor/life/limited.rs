//! The driver of a shard whose service has a limit of workers: each poll of it takes one, and gives it back. So one that waits for something has
//! none, and one that blocks its thread has one. From when it is woken until it is polled it waits for one, however long a thread takes to come.

use std::{
    future::poll_fn,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker, ready},
};

use crate::actor::turn::InLine;

/// Runs the driver of a shard.
pub(super) async fn limited(mut place: InLine, run: impl Future<Output = ()>) {
    let limit = Arc::clone(place.limit());
    let mut run = pin!(run);
    // Of the task, and of the service in it.
    let mut wakers: Option<(Waker, Waker)> = None;
    poll_fn(|task| {
        let (_, waker) = match &mut wakers {
            Some(known) if known.0.will_wake(task.waker()) => known,
            other => other.insert((task.waker().clone(), place.waker(task.waker()))),
        };
        let task = &mut Context::from_waker(waker);
        let (worker, waited) = ready!(limit.poll_take(&mut place, task));
        if let Some(waited) = waited {
            limit.note(waited);
        }
        let polled: Poll<()> = run.as_mut().poll(task);
        drop(worker);
        place.rests();
        polled
    })
    .await;
}
