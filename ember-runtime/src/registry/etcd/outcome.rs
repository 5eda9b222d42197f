//! How an operation of etcd's client ends.

use etcd_client::Error;

use crate::registry::RegistryError;

/// Why an operation failed, before it is put into the registry's terms.
pub(super) enum Failure {
    Etcd(Error),
    Known(RegistryError),
}

/// The result of an operation, as it comes from etcd.
pub(super) type Outcome<T> = std::result::Result<T, Failure>;

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Etcd(error)
    }
}

impl From<RegistryError> for Failure {
    fn from(error: RegistryError) -> Self {
        Self::Known(error)
    }
}
