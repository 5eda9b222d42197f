//! Who has asked for work: when it ends, what it has asked for ends too.

use std::sync::{
    Arc, Weak,
    atomic::{AtomicBool, Ordering},
};

use crate::actor::AnyCell;

/// A life of a service, or of a module under a key; or a future that waits for one piece.
pub(super) struct Owner {
    has_ended: AtomicBool,
    /// The service, and which of its lives.
    of: Option<(Weak<dyn AnyCell>, u64)>,
}

/// What a pool does when an owner has ended.
pub(super) trait Sweep: Send + Sync {
    /// Drops what those had asked for who have ended.
    fn sweep(&self);
}

/// Ends its owner when it is dropped: it is kept where the owner's life is.
pub(super) struct Ends {
    owner: Arc<Owner>,
    pool: Weak<dyn Sweep>,
}

impl Owner {
    /// Whether it has ended for good.
    pub(super) fn has_ended(&self) -> bool {
        self.has_ended.load(Ordering::Acquire)
    }

    /// Whether it wants what it has asked for: a service that is about to be started again does not, before its life has ended.
    pub(super) fn is_there(&self) -> bool {
        let lives = |(cell, life): &(Weak<dyn AnyCell>, u64)| cell.upgrade().is_some_and(|cell| cell.life() == *life);
        !self.has_ended() && self.of.as_ref().is_none_or(lives)
    }
}

impl Ends {
    pub(super) fn new(of: Option<&Arc<dyn AnyCell>>, pool: Weak<dyn Sweep>) -> Self {
        let of = of.map(|cell| (Arc::downgrade(cell), cell.life()));
        Self { owner: Arc::new(Owner { has_ended: AtomicBool::new(false), of }), pool }
    }

    pub(super) fn owner(&self) -> Arc<Owner> {
        Arc::clone(&self.owner)
    }
}

impl Drop for Ends {
    fn drop(&mut self) {
        self.owner.has_ended.store(true, Ordering::Release);
        // Nobody else has it if nothing that it asked for is left.
        if Arc::strong_count(&self.owner) > 1
            && let Some(pool) = self.pool.upgrade()
        {
            pool.sweep();
        }
    }
}
