//! A handler that waits for an answer shows whose.

use std::{future::poll_fn, pin::pin};

use crate::{id::Pid, message::Ambient};

/// Awaits what asks this service, as the handler that runs.
pub(crate) async fn calling<T>(callee: Pid, asks: impl Future<Output = T>) -> T {
    let mut asks = pin!(asks);
    poll_fn(|task| {
        let polled = asks.as_mut().poll(task);
        if polled.is_pending() {
            Ambient::calls(callee);
        }
        polled
    })
    .await
}
