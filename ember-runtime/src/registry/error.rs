//! What can go wrong with a registry.

use super::LeaseId;

/// Why a registry operation failed.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// The registry could not be reached, did not answer in time, or has no leader. The operation may have taken effect.
    #[error("the registry is unavailable: {0}")]
    Unavailable(String),
    /// The lease has expired, or the registry has lost its data.
    #[error("lease {0:x} is not known to the registry: it has expired, or the registry lost its data")]
    LeaseNotFound(LeaseId),
    /// The registry refused the credentials, or the user may not do this.
    #[error("the registry refused access: {0}")]
    Denied(String),
    /// A watch was asked from a revision that the registry has not reached: it has lost data.
    #[error("revision {wanted} is in the registry's future (it is at {current}): it has lost data")]
    FutureRevision {
        /// The revision asked for.
        wanted: i64,
        /// The registry's revision.
        current: i64,
    },
    /// The configuration can never work.
    #[error("the registry is not usable as configured: {0}")]
    Configuration(String),
    /// The registry refused the request itself: it is too large, writes a key twice, or there is no space left.
    #[error("the registry rejected the request: {0}")]
    Rejected(String),
    /// The registry answered something that this client does not understand.
    #[error("the registry gave an unexpected answer: {0}")]
    Protocol(String),
}

impl From<RegistryError> for crate::error::Error {
    fn from(error: RegistryError) -> Self {
        Self::Registry(error.into())
    }
}
