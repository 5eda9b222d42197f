//! The services that a node hosts, by number.

use std::sync::{Arc, PoisonError, RwLock};

use super::numbers::ByNumber;
use crate::{actor::AnyCell, id::Pid};

/// A map of services with room for more than this shrinks with them.
const MANY: usize = 1024;

/// All that run on a node or are about to, listed or not.
#[derive(Default)]
pub(crate) struct Cells(RwLock<ByNumber<Arc<dyn AnyCell>>>);

impl Cells {
    pub(crate) fn add(&self, cell: Arc<dyn AnyCell>) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(cell.pid().number, cell);
    }

    pub(crate) fn get(&self, number: u64) -> Option<Arc<dyn AnyCell>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(&number).cloned()
    }

    /// In the order of their start.
    pub(crate) fn all(&self) -> Vec<Arc<dyn AnyCell>> {
        let cells = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let mut cells: Vec<_> = cells.iter().map(|(number, cell)| (*number, Arc::clone(cell))).collect();
        cells.sort_unstable_by_key(|(number, _)| *number);
        cells.into_iter().map(|(_, cell)| cell).collect()
    }

    pub(crate) fn remove(&self, pid: Pid) {
        let mut cells = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let removed = cells.remove(&pid.number);
        // What many services needed is given back: rarely, so that it costs little for each.
        if cells.capacity() > MANY && cells.len() < cells.capacity() / 8 {
            cells.shrink_to(MANY / 2);
        }
        drop((cells, removed));
    }
}
