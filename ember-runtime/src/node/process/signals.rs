//! The signals that a node obeys.

use crate::error::Result;

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    /// Ctrl-C, SIGTERM.
    End,
    /// SIGUSR1.
    #[cfg_attr(not(unix), expect(dead_code, reason = "there is no such signal"))]
    Retire,
}

/// Ctrl-C, SIGTERM and SIGUSR1, from now on: none that comes between two calls of [`next`](Signals::next) is missed.
#[cfg(unix)]
pub(crate) struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    retire: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    pub(crate) fn listen() -> Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            retire: signal(SignalKind::user_defined1())?,
        })
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) -> Result<Wish> {
        tokio::select! {
            biased;
            _ = self.interrupt.recv() => Ok(Wish::End),
            _ = self.terminate.recv() => Ok(Wish::End),
            _ = self.retire.recv() => Ok(Wish::Retire),
        }
    }
}

/// Ctrl-C.
#[cfg(not(unix))]
pub(crate) struct Signals;

#[cfg(not(unix))]
impl Signals {
    pub(crate) fn listen() -> Result<Self> {
        Ok(Self)
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) -> Result<Wish> {
        tokio::signal::ctrl_c().await?;
        Ok(Wish::End)
    }
}
