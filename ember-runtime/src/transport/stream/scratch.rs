//! Where records are written before their link is locked: each thread has a piece of memory for it. Code of users runs while it is
//! written, which may block, panic, and make calls itself.

use std::{cell::Cell, ops::DerefMut};

use crate::{
    message::{Encode, Unwritten, put_within},
    transport::protocol::wire,
};

/// More is not kept for the next record. Larger records leave as they are, without a copy.
const KEPT: usize = 128 << 10;

thread_local! {
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// A record that is being written.
#[derive(Debug)]
pub(crate) struct Scratch(Vec<u8>);

impl Scratch {
    /// An empty record of this kind.
    #[inline]
    pub(crate) fn of(kind: u8) -> Self {
        // Whoever writes a record while another one is being written finds nothing here. A thread that ends has nothing either.
        let mut bytes = SPARE.try_with(Cell::take).unwrap_or_default();
        bytes.clear();
        wire::open(kind, &mut bytes);
        Self(bytes)
    }

    /// Adds what `put` writes; the size of the record is bounded by `limit`.
    #[inline]
    pub(crate) fn put(&mut self, limit: usize, put: Encode<'_>) -> Result<(), Unwritten> {
        put_within(limit, &mut self.0, put)
    }

    /// Ends the record; returns its size.
    #[inline]
    pub(crate) fn seal(&mut self) -> usize {
        wire::seal(0, &mut self.0)
    }
}

impl std::ops::Deref for Scratch {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.0
    }
}

impl DerefMut for Scratch {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if (1..=KEPT).contains(&self.0.capacity()) {
            let _ended = SPARE.try_with(|spare| spare.set(std::mem::take(&mut self.0)));
        }
    }
}
