//! The driver of a shard whose service has a limit of workers: each poll of it takes one, and gives it back. So one that waits for something has
//! none, and one that blocks its thread has one.

use std::{
    future::poll_fn,
    pin::pin,
    sync::Arc,
    task::{Poll, ready},
};

use crate::actor::turn::InLine;

/// Runs the driver of a shard.
pub(super) async fn limited(mut place: InLine, run: impl Future<Output = ()>) {
    let limit = Arc::clone(place.limit());
    let mut run = pin!(run);
    poll_fn(|task| {
        let (worker, waited) = ready!(limit.poll_take(&mut place, task));
        if let Some(waited) = waited {
            limit.note(waited);
        }
        let polled: Poll<()> = run.as_mut().poll(task);
        drop(worker);
        polled
    })
    .await;
}
