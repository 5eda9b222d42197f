//! How `etcd-client` fails, in the words of a session.

use etcd_client::Error;

use crate::registry::{
    RegistryError,
    remote::{Failure, dial},
};

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Known(match error {
            Error::GRpcStatus(status) => return Self::Status(status),
            Error::TransportError(error) => dial(&error),
            Error::IoError(error) => RegistryError::Unavailable(error.to_string()),
            Error::WatchError(text) | Error::LeaseKeepAliveError(text) => RegistryError::Unavailable(text),
            other => RegistryError::Protocol(other.to_string()),
        })
    }
}
