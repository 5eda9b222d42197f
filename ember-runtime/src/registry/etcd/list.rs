//! Listings: in pages, all as of one revision.

use bytes::Bytes;
use etcd_client::{Client, GetOptions, ResponseHeader};

use super::classify;
use crate::registry::{
    KeyValue, RegistryError,
    api::Snapshot,
    etcd::outcome::{Failure, Outcome},
};

/// Keys in one answer.
const PAGE: i64 = 1_000;
/// Bytes in one answer. tonic's own limit, 4 MB, is less than a page of large values.
pub(super) const MAX_ANSWER: usize = 256 << 20;

pub(super) async fn list(client: Client, prefix: String) -> Outcome<Snapshot> {
    loop {
        match pages(&client, &prefix).await {
            // Compacted away between two pages: begin again. The bound of the operation ends this.
            Err(Failure::Etcd(error)) if classify::revision_gone(&error) => {}
            outcome => return outcome,
        }
    }
}

async fn pages(client: &Client, prefix: &str) -> Outcome<Snapshot> {
    let mut kv = client.kv_client().max_decoding_message_size(MAX_ANSWER);
    let (mut from, end) = range(prefix);
    let mut revision = None;
    let mut entries = Vec::new();
    loop {
        let mut options = GetOptions::new().with_range(end.clone()).with_limit(PAGE);
        if let Some(revision) = revision {
            options = options.with_revision(revision);
        }
        let mut answer = kv.get(from, Some(options)).await?;
        let revision = *revision.get_or_insert(self::revision(answer.header())?);
        let (more, page) = (answer.more(), answer.take_kvs());
        from = page.last().map(|last| [last.key(), b"\0"].concat()).unwrap_or_default();
        let more = more && !page.is_empty();
        entries.extend(page.into_iter().filter_map(entry));
        if !more {
            return Ok(Snapshot { revision, entries });
        }
    }
}

/// The keys that start with `prefix`, as etcd's half-open range.
pub(super) fn range(prefix: &str) -> (Vec<u8>, Vec<u8>) {
    let mut end = prefix.as_bytes().to_vec();
    // No byte of UTF-8 is 0xff, so the last one can always be raised.
    match end.last_mut() {
        Some(last) => *last += 1,
        None => return (vec![0], vec![0]),
    }
    (prefix.into(), end)
}

pub(super) fn revision(header: Option<&ResponseHeader>) -> Result<i64, RegistryError> {
    header.map(ResponseHeader::revision).ok_or_else(|| RegistryError::Protocol("an answer has no header".into()))
}

/// A key as stored; `None` for one that is not text, and so was not written by Ember.
pub(super) fn entry(stored: etcd_client::KeyValue) -> Option<KeyValue> {
    let (created, modified) = (stored.create_revision(), stored.mod_revision());
    let lease = Some(stored.lease()).filter(|lease| *lease != 0);
    let (key, value) = stored.into_key_value();
    match String::from_utf8(key) {
        Ok(key) => Some(KeyValue { key, value: Bytes::from(value), created, modified, lease }),
        Err(_) => {
            tracing::warn!(target: "ember::registry", "a key among Ember's is not text, and is left out");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_covers_exactly_the_keys_that_start_with_it() {
        for (prefix, key, covered) in
            [("a/", "a/", true), ("a/", "a/\u{10ffff}", true), ("a/", "a0", false), ("é", "ê", false)]
        {
            let (from, end) = range(prefix);
            let key = key.as_bytes();
            assert_eq!(from.as_slice() <= key && key < end.as_slice(), covered, "{prefix} {key:?}");
        }
    }

    #[test]
    fn an_empty_prefix_covers_everything() {
        assert_eq!(range(""), (vec![0], vec![0]));
    }
}
