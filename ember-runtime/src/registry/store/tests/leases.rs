use std::{collections::BTreeSet, time::Duration};

use futures_util::future::join;
use tokio::time::{Instant, advance, timeout};

use super::{all, named, put, put_leased};
use crate::registry::store::{Store, terms::StoreError};

const SECOND: Duration = Duration::from_secs(1);

fn close_to(wanted: Duration, start: Instant) -> bool {
    start.elapsed() >= wanted && start.elapsed() < wanted + SECOND / 10
}

#[tokio::test(start_paused = true)]
async fn expired_leases_delete_their_keys_in_order_of_death() {
    let store = Store::new(1);
    let long = store.grant(None, 3 * SECOND).unwrap().value;
    let short = store.grant(None, 2 * SECOND).unwrap().value;
    let last =
        store.write(vec![put_leased("b", short), put_leased("l", long), put_leased("a", short), put("free", "")]);
    let (start, mut watcher) = (Instant::now(), store.watch(all(), last + 1));

    let deleted = named(&watcher.next().await.unwrap().value);
    assert_eq!(deleted, [("-a".into(), last + 1), ("-b".into(), last + 1)]);
    assert!(close_to(2 * SECOND, start), "{:?}", start.elapsed());
    assert_eq!(named(&watcher.next().await.unwrap().value), [("-l".into(), last + 2)]);
    assert!(close_to(3 * SECOND, start), "{:?}", start.elapsed());
    assert_eq!(store.contents(0), ["free="]);
}

#[tokio::test(start_paused = true)]
async fn leases_that_died_unseen_die_before_the_next_look() {
    let store = Store::new(1);
    let (second, first) = (store.grant(None, 3 * SECOND).unwrap().value, store.grant(None, SECOND).unwrap().value);
    let last = store.write(vec![put_leased("first", first), put_leased("second", second)]);
    advance(10 * SECOND).await;
    assert_eq!(store.keep_alive(second), Err(StoreError::LeaseNotFound(second)));
    let changes = store.watch(all(), last + 1).try_next().unwrap();
    assert_eq!(named(&changes.value), [("-first".into(), last + 1), ("-second".into(), last + 2)]);
    assert!(store.leases().value.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_waiting_watcher_learns_of_an_earlier_deadline() {
    let store = Store::new(1);
    store.grant(None, 1000 * SECOND).unwrap();
    let start = Instant::now();
    let mut watcher = store.watch(all(), store.revision() + 2);
    let grant = async {
        // The other future runs first, and waits by now.
        let lease = store.grant(None, 2 * SECOND).unwrap().value;
        store.write(vec![put_leased("key", lease)]);
    };
    let (changes, ()) = join(watcher.next(), grant).await;
    assert_eq!(named(&changes.unwrap().value)[0].0, "-key");
    assert!(close_to(2 * SECOND, start), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_renewed_lease_lives_its_whole_time_again() {
    let store = Store::new(1);
    let lease = store.grant(None, 2 * SECOND).unwrap().value;
    for _ in 0..5 {
        advance(2 * SECOND - Duration::from_millis(1)).await;
        assert_eq!(store.keep_alive(lease).unwrap().value, 2 * SECOND);
    }
    assert_eq!(store.lease(lease).unwrap().value.remaining, 2 * SECOND);
    advance(2 * SECOND).await;
    assert_eq!(store.lease(lease), Err(StoreError::LeaseNotFound(lease)));
}

#[tokio::test(start_paused = true)]
async fn a_lease_without_keys_ends_without_a_revision() {
    let store = Store::new(1);
    let lease = store.grant(None, SECOND).unwrap().value;
    let mut watcher = store.watch(all(), 0);
    timeout(5 * SECOND, watcher.next()).await.expect_err("nothing has changed");
    assert_eq!((store.revision(), store.revoke(lease)), (1, Err(StoreError::LeaseNotFound(lease))));
}

#[tokio::test(start_paused = true)]
async fn lease_ids_differ_between_incarnations_and_can_be_chosen() {
    let id = |incarnation| Store::new(incarnation).grant(None, SECOND).unwrap().value;
    let ids: BTreeSet<_> = (0..1000).chain([1 << 62, 1 << 63, u64::MAX]).map(id).collect();
    assert_eq!(ids.len(), 1003);
    assert!(ids.iter().all(|id| *id > 0));

    let store = Store::new(1);
    assert_eq!(store.grant(Some(7), SECOND).unwrap().value, 7);
    assert_eq!(store.grant(Some(7), SECOND), Err(StoreError::LeaseExists(7)));
    assert_eq!(store.grant(None, Duration::MAX), Err(StoreError::TtlTooLarge));
}

#[tokio::test(start_paused = true)]
async fn the_longest_lease_does_not_upset_the_timer() {
    let store = Store::new(1);
    store.grant(None, Duration::from_secs(9_000_000_000)).unwrap();
    let lease = store.grant(None, 100 * 24 * 3600 * SECOND).unwrap().value;
    store.write(vec![put_leased("key", lease)]);
    let mut watcher = store.watch(all(), store.revision() + 1);
    assert_eq!(named(&watcher.next().await.unwrap().value)[0].0, "-key");
}

#[tokio::test(start_paused = true)]
async fn no_lease_ends_because_its_host_stood_still() {
    let store = Store::new(1);
    store.pulse();
    let lease = store.grant(None, 5 * SECOND).unwrap().value;
    store.write(vec![put_leased("key", lease)]);
    advance(60 * SECOND).await;
    assert_eq!(store.contents(0), ["key="]);
    for _ in 0..9 {
        advance(SECOND / 2).await;
        store.pulse();
    }
    assert_eq!(store.contents(0), ["key="], "the whole time anew");
    advance(SECOND).await;
    assert!(store.contents(0).is_empty(), "a host that runs ends leases");
}
