//! The allocator of the system, with what is alive counted: bytes, blocks, and blocks by size, so that a leak can be named.
//!
//! # Why this is sound
//! Each method hands its arguments to the same method of [`System`], unchanged, and gives back what that gives: the promises
//! that the caller makes to this allocator are those that `System` asks for, and the other way round. Counting touches atomic
//! numbers in a static and neither allocates nor panics.

#![expect(unsafe_code, reason = "a global allocator is an unsafe trait; the proof is above")]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicI64, Ordering::Relaxed},
};

/// Sizes are told apart up to 4 KiB, in steps of 16 bytes; larger ones are one class.
pub(crate) const STEP: usize = 16;
/// How many classes of sizes there are.
pub(crate) const CLASSES: usize = 257;

static BYTES: AtomicI64 = AtomicI64::new(0);
static BLOCKS: [AtomicI64; CLASSES] = [const { AtomicI64::new(0) }; CLASSES];

/// Counts what is alive.
pub(crate) struct Heap;

fn count(size: usize, by: i64) {
    let class = size.div_ceil(STEP).min(CLASSES - 1);
    BLOCKS[class].fetch_add(by, Relaxed);
    BYTES.fetch_add(by * i64::try_from(size).unwrap_or(i64::MAX), Relaxed);
}

// SAFETY: it is `System`, see above.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller promises what `System` asks for.
        let block = unsafe { System.alloc(layout) };
        if !block.is_null() {
            count(layout.size(), 1);
        }
        block
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        count(layout.size(), -1);
        // SAFETY: the block is `System`'s, and of this layout: the caller promises it.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the block is `System`'s, and of this layout; the new size is as `System` asks: the caller promises it.
        let moved = unsafe { System.realloc(block, layout, size) };
        if !moved.is_null() {
            count(layout.size(), -1);
            count(size, 1);
        }
        moved
    }
}

/// Bytes that are alive.
pub(crate) fn bytes() -> i64 {
    BYTES.load(Relaxed)
}

/// Blocks that are alive, by class of size: class `n` has those of more than `(n - 1) * STEP` bytes and at most `n * STEP`.
pub(crate) fn blocks() -> Box<[i64]> {
    BLOCKS.iter().map(|count| count.load(Relaxed)).collect()
}
