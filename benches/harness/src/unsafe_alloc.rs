//! The system's allocator, with counters that can be switched on. The only file of the benchmark with `unsafe` code: a
//! `GlobalAlloc` cannot be written without.
#![allow(unsafe_code, reason = "`GlobalAlloc` is an unsafe trait; each block has its proof")]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::Relaxed},
};

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// Off, the counters cost one load of a line that nobody writes; timed runs keep them off.
static ON: AtomicBool = AtomicBool::new(false);
static CALLS: AtomicU64 = AtomicU64::new(0);
static BYTES: AtomicU64 = AtomicU64::new(0);
static LIVE: AtomicI64 = AtomicI64::new(0);

/// Counts from now on, or stops.
pub(crate) fn count(on: bool) {
    ON.store(on, Relaxed);
}

/// Allocations, their bytes, and bytes allocated less bytes freed: all while counting was on.
pub(crate) fn counted() -> (u64, u64, i64) {
    (CALLS.load(Relaxed), BYTES.load(Relaxed), LIVE.load(Relaxed))
}

#[inline(always)]
fn taken(size: usize) {
    if ON.load(Relaxed) {
        CALLS.fetch_add(1, Relaxed);
        BYTES.fetch_add(size as u64, Relaxed);
        LIVE.fetch_add(size as i64, Relaxed);
    }
}

#[inline(always)]
fn freed(size: usize) {
    if ON.load(Relaxed) {
        LIVE.fetch_sub(size as i64, Relaxed);
    }
}

// SAFETY: every method passes its arguments on to `System`, which keeps the contract of `GlobalAlloc`, and returns what
// `System` returned. What is done besides touches only atomics: it neither allocates nor unwinds.
unsafe impl GlobalAlloc for Counting {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        taken(layout.size());
        // SAFETY: the caller keeps `alloc`'s contract, which is the same as `System`'s.
        unsafe { System.alloc(layout) }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        taken(layout.size());
        // SAFETY: as in `alloc`.
        unsafe { System.alloc_zeroed(layout) }
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        freed(layout.size());
        // SAFETY: `block` came from `System` with this layout, as everything that this allocator gave out.
        unsafe { System.dealloc(block, layout) }
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        taken(size);
        freed(layout.size());
        // SAFETY: as in `dealloc`; that `size` is right for the layout is the caller's promise.
        unsafe { System.realloc(block, layout, size) }
    }
}
