//! How much of a replicated group's state the clients of a node have seen.

use std::sync::Mutex;

use crate::{id::Epoch, message::Shows, sync::lock};

/// The latest record that anything shown to them depends on: its epoch and its index. They are shown nothing older.
#[derive(Debug)]
pub(crate) struct Shown(Mutex<(Epoch, u64)>);

impl Shown {
    pub(crate) fn get(&self) -> (Epoch, u64) {
        *lock(&self.0)
    }

    /// They have been shown this, or are about to be.
    pub(crate) fn raise(&self, point: (Epoch, u64)) {
        let mut shown = lock(&self.0);
        *shown = point.max(*shown);
    }
}

impl Default for Shown {
    fn default() -> Self {
        Self(Mutex::new((Epoch(0), 0)))
    }
}

impl Shows for Shown {
    fn shown(&self) -> (Epoch, u64) {
        self.get()
    }
}
