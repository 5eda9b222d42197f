//! What happened, in order, as services tell it.

use std::sync::{Arc, Mutex, PoisonError};

use crate::wait::eventually;

/// Clones write into the same log.
#[derive(Debug, Clone, Default)]
pub struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    /// Writes a line.
    pub fn say(&self, line: impl Into<String>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line.into());
    }

    /// The lines so far.
    pub fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits for this many lines, and gives those there are then.
    ///
    /// # Panics
    /// If they do not come.
    pub async fn until(&self, count: usize) -> Vec<String> {
        eventually(&format!("{count} lines in the log, which has {:?}", self.lines()), async || {
            let lines = self.lines();
            (lines.len() >= count).then_some(lines)
        })
        .await
    }
}
