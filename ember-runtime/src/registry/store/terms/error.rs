//! What the store refuses, in its own words.

use super::limits;
use crate::registry::{LeaseId, RegistryError};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum StoreError {
    #[error("a key must not be empty")]
    EmptyKey,
    #[error("there is no such key, whose value or lease could be kept")]
    KeyNotFound,
    #[error("lease {0:x} is not known")]
    LeaseNotFound(LeaseId),
    #[error("lease {0:x} exists already")]
    LeaseExists(LeaseId),
    #[error("a lease can live for at most {} s", limits::TTL.as_secs())]
    TtlTooLarge,
    #[error("there are {} leases already: grant one per node, and revoke what is no longer used", limits::LEASES)]
    TooManyLeases,
    #[error("the history before revision {oldest} is gone: list, and watch anew")]
    Compacted { oldest: i64 },
    #[error("revision {wanted} is in the future, the store is at {current}")]
    FutureRevision { wanted: i64, current: i64 },
    #[error("a key is written twice in one transaction")]
    DuplicateKey,
    #[error("a transaction can have at most {} operations, with those within it: split it", limits::OPERATIONS)]
    TooManyOperations,
    #[error(
        "a transaction can have at most {} bytes, keys and all around them included: split it, or store less",
        limits::REQUEST_BYTES
    )]
    RequestTooLarge,
    #[error("the answer would have more than {} bytes: ask for less with a limit", limits::REPLY_BYTES)]
    ReplyTooLarge,
    #[error("the store is full: it holds at most {} bytes", limits::STORE_BYTES)]
    NoSpace,
    #[error("this process serves the registry no more")]
    Stopped,
}

impl From<StoreError> for RegistryError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::LeaseNotFound(lease) => Self::LeaseNotFound(lease),
            StoreError::FutureRevision { wanted, current } => Self::FutureRevision { wanted, current },
            StoreError::Stopped => Self::Unavailable(error.to_string()),
            other => Self::Rejected(other.to_string()),
        }
    }
}
