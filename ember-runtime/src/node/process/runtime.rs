//! What a node needs of the tokio runtime that it is started on.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    task::Poll,
    time::Duration,
};

use tokio::runtime::Handle;

use crate::error::{Error, Result};

/// Whether a node can be started here.
///
/// # Errors
/// There is no runtime, or it has no timers.
pub(crate) fn check() -> Result<()> {
    if Handle::try_current().is_err() {
        return Err(Error::Configuration(
            "a node needs a tokio runtime, and `Node::builder().start()` was not awaited on one: await it in a `#[tokio::main]`, or \
             in the `block_on` of a `tokio::runtime::Runtime` that lives as long as the node"
                .into(),
        ));
    }
    // There is no other way to ask.
    if catch_unwind(|| drop(tokio::time::sleep(Duration::ZERO))).is_err() {
        return Err(Error::Configuration(
            "the tokio runtime has no timers, which a node needs: build it with `.enable_all()`, or with `.enable_time()` if the \
             node has no peers"
                .into(),
        ));
    }
    Ok(())
}

/// Does on `runtime` what waits for signals, whoever polls it.
///
/// # Errors
/// That of `wait`; or the runtime has no I/O.
pub(crate) async fn with_signals<T>(runtime: &Handle, wait: impl Future<Output = Result<T>>) -> Result<T> {
    let mut wait = pin!(wait);
    std::future::poll_fn(|task| {
        let _there = runtime.enter();
        catch_unwind(AssertUnwindSafe(|| wait.as_mut().poll(task))).unwrap_or_else(|_| {
            Poll::Ready(Err(Error::Configuration(
                "the tokio runtime has no I/O, which `run` needs to wait for Ctrl-C and SIGTERM: build it with `.enable_all()`, or \
                 end the node with `shutdown`"
                    .into(),
            )))
        })
    })
    .await
}
