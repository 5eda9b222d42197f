//! How large a request is for etcd, which counts what it writes to its log.

use super::{error::StoreError, limits};

/// A member's number for the request, as etcd writes it: ten bytes, where the member's own number makes it long.
const ENVELOPE: usize = 14;

/// Whether a request that writes, of so many bytes of protobuf, is one that etcd takes by default.
pub(crate) fn check(bytes: usize) -> Result<(), StoreError> {
    if field(bytes) + ENVELOPE > limits::REQUEST_BYTES {
        return Err(StoreError::RequestTooLarge);
    }
    Ok(())
}

/// A field of protobuf that holds `bytes` bytes, with its number (up to 15) and its length.
pub(crate) const fn field(bytes: usize) -> usize {
    1 + varint(bytes as u64) + bytes
}

/// A number, as protobuf writes it.
pub(crate) const fn varint(number: u64) -> usize {
    (64 - (number | 1).leading_zeros() as usize).div_ceil(7)
}
