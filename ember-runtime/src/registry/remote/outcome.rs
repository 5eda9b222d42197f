//! How an operation of a client ends.

use tonic::Status;

use super::classify;
use crate::registry::{LeaseId, RegistryError};

/// Why an operation failed, before it is put into the registry's terms.
#[derive(Debug)]
pub(crate) enum Failure {
    /// As the server answered, or tonic in its place.
    Status(Status),
    Known(RegistryError),
}

/// The result of an operation, as it comes from a client.
pub(crate) type Outcome<T> = std::result::Result<T, Failure>;

impl Failure {
    /// What it means for an operation that, if at all, used `lease`.
    pub(crate) fn known(self, lease: Option<LeaseId>) -> RegistryError {
        match self {
            Self::Status(status) => classify::status(&status, lease),
            Self::Known(error) => error,
        }
    }

    /// Whether the request cannot have left this process, so that it can be sent again.
    pub(super) fn was_never_sent(&self) -> bool {
        matches!(self, Self::Status(status) if classify::never_sent(status))
    }

    /// Whether the connection broke under the request; an answer of the server, or none in time, is something else.
    pub(crate) fn is_of_a_broken_connection(&self) -> bool {
        matches!(self, Self::Status(status) if classify::hung_up(status))
    }
}

impl From<Status> for Failure {
    fn from(status: Status) -> Self {
        Self::Status(status)
    }
}

impl From<RegistryError> for Failure {
    fn from(error: RegistryError) -> Self {
        Self::Known(error)
    }
}

/// A header is optional in every message, and in every answer.
pub(crate) fn no_header() -> Failure {
    RegistryError::Protocol("an answer has no header".into()).into()
}
