//! Bytes from a registry, read as entries of a cluster: for those who try to break that.

use bytes::Bytes;

use super::{ClusterChange, office_change};
use crate::registry::{Event, KeyValue};

/// A line with a key after the cluster's prefix, and the value. Whether it says something.
pub(crate) fn entry(bytes: &[u8]) -> bool {
    const PREFIX: &str = "/ember/test/";
    let end = bytes.iter().position(|&byte| byte == b'\n').unwrap_or(bytes.len());
    let Ok(key) = std::str::from_utf8(&bytes[..end]) else { return false };
    let value = Bytes::copy_from_slice(bytes.get(end + 1..).unwrap_or_default());
    let entry = KeyValue { key: format!("{PREFIX}{key}"), value, created: 1, modified: 1, lease: None };
    let put = Event::Put(entry);
    let _gone = ClusterChange::of(&Event::Delete { key: format!("{PREFIX}{key}"), revision: 2 }, PREFIX);
    ClusterChange::of(&put, PREFIX).is_some() || office_change(&put, PREFIX).is_some()
}
