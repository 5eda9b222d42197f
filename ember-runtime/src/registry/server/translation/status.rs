//! The store's refusals as etcd says them: clients compare codes and texts.

use tonic::{Code, Status};

use crate::registry::store::StoreError;

impl From<StoreError> for Status {
    fn from(error: StoreError) -> Self {
        let (code, text) = match &error {
            StoreError::EmptyKey => (Code::InvalidArgument, "key is not provided"),
            StoreError::KeyNotFound => (Code::InvalidArgument, "key not found"),
            StoreError::LeaseNotFound(_) => (Code::NotFound, "requested lease not found"),
            StoreError::LeaseExists(_) => (Code::FailedPrecondition, "lease already exists"),
            StoreError::TtlTooLarge => (Code::OutOfRange, "too large lease TTL"),
            StoreError::TooManyLeases => (Code::ResourceExhausted, "too many requests"),
            StoreError::Compacted { .. } => (Code::OutOfRange, "mvcc: required revision has been compacted"),
            StoreError::FutureRevision { .. } => (Code::OutOfRange, "mvcc: required revision is a future revision"),
            StoreError::DuplicateKey => (Code::InvalidArgument, "duplicate key given in txn request"),
            StoreError::TooManyOperations => (Code::InvalidArgument, "too many operations in txn request"),
            StoreError::RequestTooLarge => (Code::InvalidArgument, "request is too large"),
            StoreError::NoSpace => (Code::ResourceExhausted, "mvcc: database space exceeded"),
            StoreError::Stopped => (Code::Unavailable, "server stopped"),
            // etcd has no such limit, and so no text.
            StoreError::ReplyTooLarge => return Self::resource_exhausted(error.to_string()),
        };
        Self::new(code, format!("etcdserver: {text}"))
    }
}
