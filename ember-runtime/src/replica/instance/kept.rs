//! How far a journal has come with what it was given.

use std::{collections::VecDeque, sync::Arc};

use crate::{
    id::Epoch,
    replica::journal::change::{Keeps, Known},
};

/// Its journal.
pub(super) struct Kept {
    pub(super) keeps: Arc<dyn Keeps>,
    /// What the journal was told last that it knows.
    pub(super) known: Option<Known>,
    /// The number of what the journal was given last, and of what is on the disk.
    pub(super) given: u64,
    pub(super) done: u64,
    /// What a master had, and of which version of the set it knew, when it gave the journal that.
    pub(super) marks: VecDeque<Mark>,
    pub(super) is_broken: bool,
    pub(super) syncs: u64,
}

pub(super) struct Mark {
    pub(super) given: u64,
    pub(super) epoch: Epoch,
    pub(super) upto: u64,
    pub(super) version: u64,
}

impl Kept {
    pub(super) fn is_broken(&self) -> bool {
        self.is_broken
    }
}
