//! Keys: written, listed, deleted.

use bytes::Bytes;

use super::suite::{Place, Suite};
use crate::registry::{Operation, Transaction};

pub(super) async fn run(suite: &Suite) {
    listed_in_order_of_keys(suite.place("order").await).await;
    entries_say_when_they_were_written(suite.place("entries").await).await;
    revisions_grow_with_every_write(suite.place("revisions").await).await;
    a_prefix_holds_no_neighbours(suite.place("prefix").await).await;
    many_keys_are_listed_as_of_one_revision(suite.place("many").await).await;
}

async fn listed_in_order_of_keys(place: Place) {
    for key in ["b", "a/2", "c", "a/10", "ü", "a"] {
        place.put(key, key).await;
    }
    assert_eq!(place.names().await, ["a", "a/10", "a/2", "b", "c", "ü"], "{}", place.name);
    place.delete("b").await;
    assert_eq!(place.names().await, ["a", "a/10", "a/2", "c", "ü"], "{}", place.name);
}

async fn entries_say_when_they_were_written(place: Place) {
    let created = place.put("key", "1").await;
    let modified = place.put("key", "2").await;
    let entry = place.list().await.remove(0);
    assert_eq!((entry.created, entry.modified, entry.lease), (created, modified, None), "{}", place.name);
    assert_eq!((entry.key, &entry.value[..]), (place.key("key"), &b"2"[..]), "{}", place.name);

    place.delete("key").await;
    let again = place.put("key", "").await;
    let entry = place.list().await.remove(0);
    assert_eq!((entry.created, entry.modified), (again, again), "{}: a deleted key starts anew", place.name);
    assert!(entry.value.is_empty(), "{}: an empty value stays one", place.name);
}

async fn revisions_grow_with_every_write(place: Place) {
    let first = place.put("key", "1").await;
    let second = place.put("key", "1").await;
    let third = place.delete("key").await;
    assert!(first < second && second < third, "{}: {first}, {second}, {third}", place.name);
    assert!(place.delete("key").await >= third, "{}: deleting what is not there is no error", place.name);
    assert!(place.revision().await >= third, "{}: a list knows the last write", place.name);
}

async fn a_prefix_holds_no_neighbours(place: Place) {
    for key in ["a", "a0", "b/1", "b0", "b"] {
        place.put(key, "").await;
    }
    let listed = place.ok("list", place.session.list(place.key("b/"))).await;
    let keys: Vec<_> = listed.entries.into_iter().map(|entry| entry.key).collect();
    assert_eq!(keys, [place.key("b/1")], "{}", place.name);
    let listed = place.ok("list", place.session.list(place.key("nothing"))).await;
    assert_eq!(listed.entries, [], "{}", place.name);
}

/// More than fits into one gRPC message by default.
async fn many_keys_are_listed_as_of_one_revision(place: Place) {
    const KEYS: usize = 6_000;
    let value = Bytes::from(vec![b'x'; 1024]);
    let mut last = 0;
    for first in (0..KEYS).step_by(100) {
        let put = |n| Operation::Put { key: place.key(&format!("{n:05}")), value: value.clone(), lease: None };
        let transaction = Transaction { then: (first..first + 100).map(put).collect(), ..Transaction::default() };
        last = place.ok("100 puts in a transaction", place.session.commit(transaction)).await.revision;
    }
    let listed = place.ok("6,000 keys of 1 KB to be listed", place.session.list(place.prefix.clone())).await;
    assert!(listed.revision >= last, "{}: listed at {}, written at {last}", place.name, listed.revision);
    assert_eq!(listed.entries.len(), KEYS, "{}", place.name);
    for (n, entry) in listed.entries.iter().enumerate() {
        assert_eq!(entry.key, place.key(&format!("{n:05}")), "{}: the order of many keys", place.name);
        assert_eq!(entry.value, value, "{}: the value of {}", place.name, entry.key);
        assert!(entry.modified <= listed.revision, "{}: {} is newer than the list", place.name, entry.key);
    }
}
