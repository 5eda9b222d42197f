//! How much the store takes and keeps. Where etcd has a limit by default, it is the same, so that what works here works there.

use std::time::Duration;

/// Changes that are remembered, so that a watch can start in the past.
pub(crate) const HISTORY_CHANGES: usize = 10_000;
/// What the remembered changes may cost, with what those who watch are told of them. The newest revision is always kept, whatever its size.
pub(crate) const HISTORY_BYTES: usize = 16 << 20;
/// What all keys and values together may cost.
pub(crate) const STORE_BYTES: usize = 256 << 20;
/// Conditions, or operations in one branch, of a transaction; those within it may have as many as are left.
pub(crate) const OPERATIONS: usize = 128;
/// A request that writes, as etcd counts it ([`super::size`]).
pub(crate) const REQUEST_BYTES: usize = 3 << 19;
/// What the reads of one transaction may return. etcd has no such limit, and twice the store to hold.
pub(crate) const REPLY_BYTES: usize = 64 << 20;
/// Leases that live at the same time.
pub(crate) const LEASES: usize = 65_536;
/// The longest life of a lease.
pub(crate) const TTL: Duration = Duration::from_secs(9_000_000_000);
/// A host that gives no sign of life for so long stood still.
pub(crate) const STANDSTILL: Duration = Duration::from_millis(1_500);
/// What may be on its way to the file of the store before writes wait.
pub(crate) const UNKEPT_BYTES: usize = 16 << 20;
/// Changes handed out at once to a watcher that is behind (the revision at the border is not split).
pub(crate) const BATCH_CHANGES: usize = 1_000;
/// The same, in bytes.
pub(crate) const BATCH_BYTES: usize = 1 << 20;
