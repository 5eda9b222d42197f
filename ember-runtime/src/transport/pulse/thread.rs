//! A thread for signs of life, on which code of users never runs: one for all nodes of the process. It knows none of them; each
//! link owns its task there.

use std::{future::pending, io, sync::OnceLock, thread};

use tokio::runtime::{Builder, Handle};

/// Its runtime; `None` if there could be no thread.
pub(super) fn handle() -> Option<Handle> {
    static THREAD: OnceLock<Option<Handle>> = OnceLock::new();
    let start = || match start() {
        Ok(handle) => Some(handle),
        Err(error) => {
            tracing::warn!(
                target: "ember::link", %error,
                "no thread for heartbeats: handlers that block their threads can end links"
            );
            None
        }
    };
    THREAD.get_or_init(start).clone()
}

fn start() -> io::Result<Handle> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let handle = runtime.handle().clone();
    thread::Builder::new().name("ember-pulse".into()).spawn(move || runtime.block_on(pending::<()>()))?;
    Ok(handle)
}
