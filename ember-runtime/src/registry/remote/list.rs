//! Listings: in pages, all as of one revision.

use super::{
    classify,
    outcome::{Failure, Outcome},
    wire::{Lookup, Stored, Wire},
};
use crate::registry::api::Snapshot;

/// Keys in one answer.
const PAGE: i64 = 1_000;
/// Bytes in one answer. tonic's own limit, 4 MB, is less than a page of large values.
pub(crate) const MAX_ANSWER: usize = 256 << 20;

pub(super) async fn list(wire: &dyn Wire, prefix: &str) -> Outcome<Snapshot> {
    loop {
        match pages(wire, prefix).await {
            // Compacted away between two pages: begin again. The bound of the operation ends this.
            Err(Failure::Status(status)) if classify::revision_gone(&status) => {}
            outcome => return outcome,
        }
    }
}

async fn pages(wire: &dyn Wire, prefix: &str) -> Outcome<Snapshot> {
    let (mut from, end) = range(prefix);
    // 0 stands for the newest, and no store has it.
    let mut revision = 0;
    let mut entries = Vec::new();
    loop {
        let mut page = wire.look_up(Lookup { range: (from, end.clone()), limit: PAGE, revision }).await?;
        if revision == 0 {
            revision = page.revision;
        }
        let Some(last) = page.keys.last() else { return Ok(Snapshot { revision, entries }) };
        from = [&last.key, b"\0".as_slice()].concat();
        entries.extend(page.keys.drain(..).filter_map(Stored::known));
        if !page.more {
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
