//! Whose turn it is to use the state of a service: a value that one holder at a time may touch.
//!
//! ```text
//!            try_short                        end, nothing came up
//!   0 ───────────────────────▶ HELD|SHORT ───────────────────────────▶ 0
//!                                │ note_work, shut (by others)
//!                                ▼
//!                         HELD|SHORT|WORK ──── end ────▶ WORK ──── take, by the driver ────▶ HELD|SHORT
//! ```
//!
//! `WORK` says that something waits for the driver (the task that looks after the service); whoever sets it while nobody
//! holds the turn, or ends a turn with it set, must wake the driver. `SHUT` keeps short turns out, and nothing else. `SHORT`
//! says that the holder soon ends it, as a caller does, and the driver until a handler waits: that is worth a moment's wait.
//!
//! # Why this is sound
//! The value is touched through a [`Held`] only. A `Held` is made where a compare-exchange has changed `HELD` from 0 to 1, and
//! nowhere else; the bit goes back to 0 only where that `Held` ends. So there is one at most, and it is not `Clone`. Its
//! methods take `&mut self`, so no two borrows of the value overlap. The exchange that sets `HELD` acquires what the one that
//! cleared it has released: each holder sees all that the one before it has done. A value that is `Send` may so be used
//! from one thread after another, which is what `Sync` for the turn allows; it is never used from two at once, so it need not
//! be `Sync` itself. `tests/loom` runs this very file under loom.

#![expect(unsafe_code, reason = "a cell whose borrows follow an atomic word; the proof is above")]

use super::sync::{AtomicU32, LOOKS, Ordering, UnsafeCell, pause};

/// Somebody has the turn.
const HELD: u32 = 1;
/// Something waits for the driver.
const WORK: u32 = 2;
/// No short turns.
const SHUT: u32 = 4;
/// Whoever has the turn soon ends it.
const SHORT: u32 = 8;

/// A value that one holder at a time may touch.
pub(crate) struct Turn<T> {
    word: AtomicU32,
    value: UnsafeCell<T>,
}

// SAFETY: see above: the value is used by one thread at a time, each seeing what the last one did.
unsafe impl<T: Send> Sync for Turn<T> {}

/// The turn. Dropped, it ends; but then nobody is told of work that came meanwhile: see [`end`](Held::end).
pub(crate) struct Held<'a, T> {
    turn: &'a Turn<T>,
    /// The bits that say so.
    bits: u32,
}

impl<T> Turn<T> {
    /// Nobody's turn, and shut.
    pub(crate) fn new(value: T) -> Self {
        Self { word: AtomicU32::new(SHUT), value: UnsafeCell::new(value) }
    }

    /// The turn, if nobody has it, nothing waits, and it is not shut. If it `may_wait`, it does so for a moment while somebody has
    /// it who soon ends it.
    #[inline]
    pub(crate) fn try_short(&self, may_wait: bool) -> Option<Held<'_, T>> {
        const BITS: u32 = HELD | SHORT;
        for look in 0..LOOKS {
            // Looking disturbs the holder less than trying, and looking seldom disturbs it least: a thread that does several
            // calls in a row does them sooner than two that take turns.
            match self.word.load(Ordering::Relaxed) {
                0 => {
                    if self.word.compare_exchange(0, BITS, Ordering::Acquire, Ordering::Relaxed).is_ok() {
                        return Some(Held { turn: self, bits: BITS });
                    }
                }
                word if word & (SHORT | SHUT) == SHORT && may_wait => (0..1 << look).for_each(|_| pause()),
                _ => break,
            }
        }
        None
    }

    /// The turn, if nobody has it and work waits. Whoever takes it sees to the work.
    pub(crate) fn take(&self) -> Option<Held<'_, T>> {
        let mut word = self.word.load(Ordering::Relaxed);
        while word & (HELD | WORK) == WORK {
            let taken = (word & !WORK) | HELD | SHORT;
            match self.word.compare_exchange_weak(word, taken, Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => return Some(Held { turn: self, bits: HELD | SHORT }),
                Err(now) => word = now,
            }
        }
        None
    }

    /// Whether nobody has the turn and nothing waits for the driver, as it looks from here. It changes nothing.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.word.load(Ordering::Acquire) & (HELD | WORK) == 0
    }

    /// Something waits for the driver now. `true` if the caller must wake it.
    pub(crate) fn note_work(&self) -> bool {
        // Whoever has set the bit wakes the driver, and the driver clears it before it looks for work: so what was put in
        // its way before this load is found.
        self.word.load(Ordering::Acquire) & WORK == 0 && self.word.fetch_or(WORK, Ordering::AcqRel) & (HELD | WORK) == 0
    }

    /// Something waits for the driver, in any case after this: whoever ends a turn later sees all that the caller has done before.
    /// [`note_work`](Self::note_work) leaves the word alone if it says so already.
    pub(crate) fn insist(&self) {
        self.word.fetch_or(WORK, Ordering::AcqRel);
    }

    /// Keeps short turns out, or lets them in again.
    pub(crate) fn shut(&self, shut: bool) {
        if shut {
            self.word.fetch_or(SHUT, Ordering::AcqRel);
        } else {
            self.word.fetch_and(!SHUT, Ordering::AcqRel);
        }
    }
}

impl<T> Held<'_, T> {
    /// Uses the value.
    #[inline]
    pub(crate) fn with<R>(&mut self, action: impl FnOnce(&mut T) -> R) -> R {
        // SAFETY: there is one `Held` of a turn at a time, and it is borrowed mutably here.
        self.turn.value.with_mut(|value| action(unsafe { &mut *value }))
    }

    /// Takes the value, and leaves the default one.
    #[inline]
    pub(crate) fn take(&mut self) -> T
    where
        T: Default,
    {
        self.with(std::mem::take)
    }

    /// Puts a value there.
    #[inline]
    pub(crate) fn put(&mut self, value: T) {
        self.with(|place| *place = value);
    }

    /// Says whether it ends soon.
    pub(crate) fn hurry(&mut self, soon: bool) {
        if soon {
            self.bits |= SHORT;
            self.turn.word.fetch_or(SHORT, Ordering::Relaxed);
        } else {
            self.bits &= !SHORT;
            self.turn.word.fetch_and(!SHORT, Ordering::Relaxed);
        }
    }

    /// Whether it should end now: something waits for the driver, or short turns are kept out.
    #[inline]
    pub(crate) fn is_wanted(&self) -> bool {
        self.turn.word.load(Ordering::Relaxed) & (WORK | SHUT) != 0
    }

    /// Ends the turn. `true` if work waits: then the caller must wake the driver.
    #[inline]
    pub(crate) fn end(self) -> bool {
        let Self { turn, bits } = self;
        std::mem::forget(self);
        let ended = turn.word.compare_exchange(bits, 0, Ordering::Release, Ordering::Relaxed);
        ended.is_err() && turn.word.fetch_and(!bits, Ordering::AcqRel) & WORK != 0
    }
}

impl<T> Drop for Held<'_, T> {
    fn drop(&mut self) {
        self.turn.word.fetch_and(!self.bits, Ordering::AcqRel);
    }
}

impl<T> std::fmt::Debug for Turn<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Turn({:#06b})", self.word.load(Ordering::Relaxed))
    }
}
