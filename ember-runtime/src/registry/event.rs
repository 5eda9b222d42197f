//! What a registry holds, and what it tells of it.

use bytes::Bytes;

/// Identifies a lease; never 0.
pub type LeaseId = i64;

/// A key as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyValue {
    /// The key.
    pub key: String,
    /// The value.
    pub value: Bytes,
    /// The revision at which the key was created.
    pub created: i64,
    /// The revision of the last write.
    pub modified: i64,
    /// The lease that it dies with.
    pub lease: Option<LeaseId>,
}

/// One change of one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The key was written.
    Put(KeyValue),
    /// The key was deleted, by hand or with its lease.
    Delete {
        /// The key.
        key: String,
        /// The revision of the deletion.
        revision: i64,
    },
}
