//! What the parts of the store count and compare, at their bounds.

use std::{sync::Arc, time::Duration};

use tokio::time::advance;

use super::*;
use crate::registry::store::{
    contents::{Contents, Entry},
    terms::{Record, StoreError, limits, size},
};

const SECOND: Duration = Duration::from_secs(1);

fn record(key: &'static str, value: &'static str, lease: i64) -> Arc<Record> {
    let (key, value) = (Bytes::from(key), Bytes::from(value));
    Arc::new(Record { key, value, created: 2, modified: 2, version: 1, lease })
}

#[test]
fn a_request_is_as_large_as_protobuf_makes_it() {
    let numbers = [0, 1, 127, 128, 16_383, 16_384, u64::MAX];
    assert_eq!(numbers.map(size::varint), [1, 1, 1, 2, 2, 3, 10]);
    assert_eq!([0, 127, 128].map(size::field), [2, 129, 131]);
    // A byte for the number of the field, three for its length, and 14 that etcd adds.
    let most = limits::REQUEST_BYTES - 1 - 3 - 14;
    assert_eq!((size::check(most), size::check(most + 1)), (Ok(()), Err(StoreError::RequestTooLarge)));
}

#[test]
fn what_is_kept_costs_what_it_holds_and_something_more() {
    let (before, now) = (record("key", "1", 0), record("key", "12345", 0));
    assert_eq!((before.size(), now.size()), (132, 136));
    let change = |now: Option<&Arc<Record>>, before: Option<&Arc<Record>>| {
        Change::new(2, "key".into(), now.cloned(), before.cloned()).size()
    };
    let sizes = [(Some(&now), Some(&before)), (Some(&now), None), (None, Some(&before))].map(|it| change(it.0, it.1));
    assert_eq!(sizes, [392 + 136 + 132, 392 + 136, 387 + 132]);
    let query = Query::new(all());
    assert_eq!((query.cost(&now), Query { keys_only: true, ..query }.cost(&now)), (136, 131));
    let entry = |changes: usize| Entry::Committed {
        revision: 2,
        ended: 0,
        changes: vec![Change::new(2, "key".into(), Some(now.clone()), None); changes].into(),
    };
    let own = Entry::Granted { lease: 1, ttl: SECOND }.size();
    assert_eq!([0, 1, 2].map(|changes| entry(changes).size()), [own, own + 528, own + 2 * 528]);
}

#[test]
fn contents_follow_what_has_happened_and_nothing_that_cannot_have() {
    let mut contents = Contents::default();
    let commit = |revision, ended, changes: Vec<Change>| Entry::Committed { revision, ended, changes: changes.into() };
    let change = |revision, now: Option<Arc<Record>>| Change::new(revision, "key".into(), now, None);
    let leased = record("key", "value", 7);

    assert!(contents.clone().apply(&commit(1, 0, vec![change(1, None)])).is_err(), "a change is a revision of its own");
    assert!(contents.clone().apply(&commit(2, 0, vec![])).is_err(), "without a change there is none");
    assert!(contents.clone().apply(&commit(1, 7, vec![])).is_err(), "nobody has granted that lease");
    contents.apply(&commit(2, 0, vec![change(2, Some(leased.clone()))])).unwrap();
    assert!(!contents.is_whole(), "its lease is not there");
    contents.apply(&Entry::Granted { lease: 7, ttl: SECOND }).unwrap();
    assert!(contents.is_whole());
    assert_eq!((contents.revision, contents.keys.values().next(), contents.leases[&7]), (2, Some(&leased), SECOND));
    contents.take_over();
    assert_eq!(contents.revision, 3);
    contents.apply(&commit(4, 7, vec![change(4, None)])).unwrap();
    assert!(contents.keys.is_empty() && contents.leases.is_empty() && contents.is_whole());
    contents.apply(&commit(5, 0, vec![change(5, Some(record("key", "", 0)))])).unwrap();
    assert!(contents.is_whole(), "it has no lease");
    contents.apply(&Entry::Granted { lease: 8, ttl: SECOND }).unwrap();
    contents.apply(&commit(5, 8, vec![])).unwrap();
    assert_eq!((contents.revision, contents.leases.len()), (5, 0));
}

#[tokio::test(start_paused = true)]
async fn a_key_lives_as_long_as_the_lease_that_it_was_given_last() {
    let store = Store::new(1);
    let [first, second] = [7, 8].map(|id| store.grant(Some(id), SECOND).unwrap().value);
    let keys = |lease| store.lease(lease).unwrap().value.keys;
    store.write(vec![put_leased("a", first), put_leased("b", first), put_leased("c", first)]);
    store.write(vec![put_leased("a", second), put("b", "no lease")]);
    assert_eq!((keys(first), keys(second)), (vec![Bytes::from("c")], vec![Bytes::from("a")]));
    store.revoke(first).unwrap();
    assert_eq!(store.contents(0), ["a=", "b=no lease"]);
    store.revoke(second).unwrap();
    assert_eq!(store.contents(0), ["b=no lease"]);
}

#[tokio::test(start_paused = true)]
async fn an_id_that_is_made_up_is_one_that_nobody_has() {
    let store = Store::new(1);
    let first = store.grant(None, SECOND).unwrap().value;
    store.grant(Some(first + 1), SECOND).unwrap();
    assert_eq!(store.grant(None, SECOND).unwrap().value, first + 2);
    assert_eq!(store.leases().value, [first, first + 1, first + 2]);
}

#[tokio::test(start_paused = true)]
async fn leases_are_bounded() {
    let store = Store::new(1);
    for _ in 0..limits::LEASES {
        store.grant(None, SECOND).unwrap();
    }
    assert_eq!(store.grant(None, SECOND), Err(StoreError::TooManyLeases));
    assert_eq!(store.grant(None, limits::TTL + Duration::from_nanos(1)), Err(StoreError::TtlTooLarge));
}

#[tokio::test(start_paused = true)]
async fn a_host_that_was_silent_for_no_longer_than_it_may_be_ends_leases() {
    for (silence, forgiven) in [(limits::STANDSTILL, false), (limits::STANDSTILL + Duration::from_millis(1), true)] {
        let store = Store::new(1);
        store.pulse();
        let lease = store.grant(None, SECOND).unwrap().value;
        advance(silence).await;
        assert_eq!(store.lease(lease).is_ok(), forgiven, "{silence:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_compaction_forgets_makes_room_for_more_history() {
    let store = Store::new(1);
    let large = || Op::Put { key: "key".into(), value: Some(vec![0; 1 << 20].into()), lease: Some(0) };
    for _ in 0..20 {
        let revision = store.write(vec![large()]);
        store.compact(revision).unwrap();
    }
    let oldest = store.oldest();
    for _ in 0..3 {
        store.write(vec![large()]);
    }
    assert_eq!((store.oldest(), store.revision()), (oldest, oldest + 3));
}

#[tokio::test(start_paused = true)]
async fn a_watcher_that_is_behind_reads_large_values_one_by_one() {
    let store = Store::new(1);
    for key in ["a", "b", "c"] {
        store.write(vec![Op::Put { key: key.into(), value: Some(vec![0; 600 << 10].into()), lease: Some(0) }]);
    }
    store.write(vec![put("d", ""), put("e", "")]);
    let mut watcher = store.watch(all(), 2);
    let mut read = || watcher.try_next().unwrap().value.len();
    assert_eq!([read(), read(), read(), read(), read()], [1, 1, 1, 2, 0]);
}
