//! How much time is reserved for ids, and who asks for it.

use crate::{
    id::{NodeKey, UniqueId},
    rng::Rng,
};

/// Milliseconds that are reserved ahead of the clock.
pub(super) const AHEAD: u64 = 20_000;
/// Less than so many milliseconds more are not worth a transaction.
pub(super) const STEP: u64 = 1_000;
/// A slot that begins ahead of the clock has at least so many milliseconds.
pub(super) const SPARE: u64 = 5_000;
/// A slot that is reserved more milliseconds ahead of the clock is not taken, by its own node either: its ids would be as far ahead, and each who
/// takes it reserves [`SPARE`] more. One that was reserved just now can be: its node has died, and was started again.
#[cfg(feature = "cluster")]
pub(super) const SPOILT: u64 = AHEAD;
/// Within so many milliseconds the clocks of the nodes agree, where something depends on it.
#[cfg(feature = "cluster")]
pub(super) const AGREE: u64 = 10_000;
/// Milliseconds that a node is ahead of its clock when it takes a slot of a registry that may have lost who had it: no time
/// behind this is reserved by anybody, if the clocks of the nodes agree within [`AGREE`], but for those who have taken theirs so themselves.
#[cfg(feature = "cluster")]
pub(super) const FORGOTTEN: u64 = 35_000;
/// As far as anybody else reserves ahead, on a clock that may be as much ahead of another's.
#[cfg(feature = "cluster")]
const _: () = assert!(AHEAD + AGREE <= FORGOTTEN && SPOILT + SPARE + AGREE <= FORGOTTEN);
/// Who asks, and what it knows.
pub(super) struct Asks<'a> {
    pub(super) here: NodeKey,
    pub(super) rng: &'a Rng,
    /// What its clock shows, in milliseconds.
    pub(super) clock: &'a (dyn Fn() -> u64 + Send + Sync),
    /// Whether the registry has a run of a node.
    #[cfg_attr(not(feature = "cluster"), allow(dead_code, reason = "there are no others"))]
    pub(super) lists: &'a (dyn Fn(NodeKey) -> bool + Send + Sync),
}

/// A slot, and the time in which its ids may be made: milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reserved {
    pub(super) slot: u16,
    pub(super) from: u64,
    pub(super) until: u64,
}

impl Reserved {
    /// By a clock that shows `now`, from `from` on.
    pub(super) fn new(slot: u16, from: u64, now: u64) -> Self {
        Self { slot, from, until: ahead(now).max(from.saturating_add(SPARE)).min(UniqueId::END) }
    }
}

/// Up to which time a clock that shows `now` reserves.
pub(super) fn ahead(now: u64) -> u64 {
    now.saturating_add(AHEAD).min(UniqueId::END)
}
