//! Watches: from the past, in order, without a gap, and what ends them.

use std::{collections::BTreeMap, future::Future, pin::pin};

use bytes::Bytes;
use futures_util::{StreamExt, future};

use super::suite::{Compact, Place, Suite, wait};
use crate::registry::{Event, RegistryError, WatchItem};

pub(super) async fn run(suite: &Suite, compact: &Compact) {
    a_watch_sees_the_past_and_the_present_in_order(suite.place("past").await).await;
    events_carry_what_was_written(suite.place("events").await).await;
    a_watch_sees_only_its_prefix(suite.place("neighbours").await).await;
    a_list_and_a_watch_leave_no_gap(suite.place("gap").await).await;
    a_dropped_watch_does_not_disturb_others(suite.place("dropped").await).await;
    a_watch_from_the_future_is_refused(suite.place("future").await).await;
    a_watch_from_compacted_revisions_says_so_and_ends(suite.place("compacted").await, compact).await;
}

async fn a_watch_sees_the_past_and_the_present_in_order(place: Place) {
    let first = place.put("a", "1").await;
    place.put("b", "1").await;
    place.delete("a").await;
    let mut watch = place.watch(first).await;
    assert_eq!(watch.names("changes of the past", 3).await, ["+a", "+b", "-a"], "{}", place.name);
    place.put("a", "2").await;
    place.delete("b").await;
    assert_eq!(watch.names("changes of the present", 2).await, ["+a", "-b"], "{}", place.name);

    let mut later = place.watch(first + 1).await;
    let changes = later.changes("changes after the first", 4).await;
    assert_eq!(changes[0], ("+b".into(), first + 1), "{}: `from` is inclusive, and no more", place.name);
    assert!(changes.is_sorted_by_key(|(_, revision)| *revision), "{}: {changes:?}", place.name);
}

async fn events_carry_what_was_written(place: Place) {
    let created = place.put("key", "1").await;
    let modified = place.put("key", "2").await;
    let deleted = place.delete("key").await;
    let mut watch = place.watch(modified).await;
    let mut events = Vec::new();
    while events.len() < 2 {
        match watch.item("a put and a delete").await {
            WatchItem::Events { events: more, .. } => events.extend(more),
            other @ WatchItem::Compacted { .. } => panic!("{}: {other:?}", place.name),
        }
    }
    let Event::Put(entry) = &*events[0] else { panic!("{}: {events:?}", place.name) };
    assert_eq!((entry.created, entry.modified, entry.lease), (created, modified, None), "{}", place.name);
    assert_eq!((&entry.key, &entry.value[..]), (&place.key("key"), &b"2"[..]), "{}", place.name);
    assert_eq!(*events[1], Event::Delete { key: place.key("key"), revision: deleted }, "{}", place.name);
}

async fn a_watch_sees_only_its_prefix(place: Place) {
    let from = place.revision().await + 1;
    let mut watch = place.watch_below("in/", from).await;
    for key in ["in", "in/1", "in0", "other", "in/2"] {
        place.put(key, "").await;
    }
    assert_eq!(watch.names("two changes below the prefix", 2).await, ["+1", "+2"], "{}", place.name);
}

async fn a_list_and_a_watch_leave_no_gap(place: Place) {
    const WRITES: usize = 300;
    const KEYS: usize = 7;
    let writer = async {
        for n in 0..WRITES {
            // Every tenth is a delete.
            if n % 10 == 9 {
                place.delete(&(n % KEYS).to_string()).await;
            } else {
                place.put(&(n % KEYS).to_string(), &n.to_string()).await;
            }
        }
        place.put("end", "").await;
    };
    let follower = || async {
        let listed = place.ok("list", place.session.list(place.prefix.clone())).await;
        let mut view: BTreeMap<String, Bytes> = listed.entries.into_iter().map(|e| (e.key, e.value)).collect();
        let mut watch = place.watch(listed.revision + 1).await;
        let mut last = listed.revision;
        while !view.contains_key(&place.key("end")) {
            let item = watch.item("the last of the writes").await;
            let WatchItem::Events { events, .. } = item else { panic!("{}: {item:?}", place.name) };
            for event in events {
                let revision = match Event::from(event) {
                    Event::Put(entry) => {
                        view.insert(entry.key, entry.value);
                        entry.modified
                    }
                    Event::Delete { key, revision } => {
                        assert!(view.remove(&key).is_some(), "{}: {key} was deleted but never seen", place.name);
                        revision
                    }
                };
                assert!(revision > last, "{}: {revision} came after {last}", place.name);
                last = revision;
            }
        }
        view
    };
    // The followers start while the writer is at work.
    let followers = async {
        let mut views = Vec::new();
        for _ in 0..5 {
            views.push(follower());
            place.revision().await;
        }
        future::join_all(views).await
    };
    let ((), views) = future::join(writer, followers).await;
    let truth: BTreeMap<_, _> = place.list().await.into_iter().map(|entry| (entry.key, entry.value)).collect();
    for view in views {
        assert_eq!(view, truth, "{}: a view kept by list and watch", place.name);
    }
}

async fn a_dropped_watch_does_not_disturb_others(place: Place) {
    let from = place.revision().await + 1;
    let (mut kept, dropped) = (place.watch(from).await, place.watch(from).await);
    place.put("1", "").await;
    assert_eq!(kept.names("the first change", 1).await, ["+1"], "{}", place.name);
    drop(dropped);
    place.put("2", "").await;
    assert_eq!(kept.names("the change after the drop", 1).await, ["+2"], "{}", place.name);
}

async fn a_watch_from_the_future_is_refused(place: Place) {
    let current = place.put("key", "").await;
    let wanted = current + 1_000_000;
    // Other users of the registry may write meanwhile, but not that much.
    let error =
        match wait(&place.name, "a watch from the future", place.session.watch(place.prefix.clone(), wanted)).await {
            Err(error) => error,
            // A registry may notice only when it has confirmed the watch.
            Ok(mut watch) => match wait(&place.name, "a refusal", watch.next()).await {
                Some(Err(error)) => error,
                other => panic!("{}: {other:?}", place.name),
            },
        };
    let RegistryError::FutureRevision { wanted: said, current: at } = error else {
        panic!("{}: {error:?}", place.name)
    };
    assert!(said == wanted && (current..wanted).contains(&at), "{}: {error:?}", place.name);

    let mut next = place.watch(place.revision().await + 1).await;
    place.put("key", "").await;
    assert_eq!(next.names("the very next revision", 1).await, ["+key"], "{}: is not the future", place.name);
}

async fn a_watch_from_compacted_revisions_says_so_and_ends(place: Place, compact: &Compact) {
    let first = place.put("key", "1").await;
    place.put("key", "2").await;
    let last = place.put("key", "3").await;
    let mut running = place.watch(last + 1).await;
    within(&place, "the compaction", compact(last)).await;

    let mut watch = place.watch(first).await;
    let item = watch.item("the notice of the compaction").await;
    let WatchItem::Compacted { revision } = item else { panic!("{}: {item:?}", place.name) };
    assert!(revision >= last, "{}: compacted at {last}, said {revision}", place.name);
    let end = within(&place, "the end of the watch", watch.stream.next()).await;
    assert!(end.is_none(), "{}: after the notice came {end:?}", place.name);

    let mut again = place.watch(revision + 1).await;
    place.put("key", "4").await;
    assert_eq!(again.names("a change after the compaction", 1).await.len(), 1, "{}", place.name);
    assert_eq!(running.names("a change after the compaction", 1).await, ["+key"], "{}: not disturbed", place.name);
    assert_eq!(place.list().await[0].value, "4", "{}: compaction deletes no keys", place.name);
}

async fn within<T>(place: &Place, what: &str, future: impl Future<Output = T>) -> T {
    wait(&place.name, what, pin!(future)).await
}
