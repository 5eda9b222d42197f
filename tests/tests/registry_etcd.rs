//! The etcd client against an etcd of the test's own that is stopped, frozen, emptied and compacted.

use ember_runtime::registry::{Etcd, Event, Operation, RegistryError, Session, Transaction, WatchItem};
use ember_tests::{
    etcd_process::EtcdProcess,
    registry::{await_value, compact, is_unavailable, next, open, open_ready},
    wait::{eventually, within},
};
use tokio::time::{Duration, Instant};

async fn put(session: &dyn Session, key: &str, value: &str) -> Result<i64, RegistryError> {
    session.put(key.into(), value.to_owned().into(), None).await
}

#[tokio::test]
async fn data_and_lease_survive_a_restart_with_the_same_data() {
    let mut etcd = EtcdProcess::start();
    let session = open_ready(&Etcd::new([etcd.address()])).await;
    let lease = session.grant(Duration::from_secs(60)).await.unwrap();
    session.put("a".into(), "1".into(), Some(lease.id)).await.unwrap();
    let mut watch = session.watch("a".into(), 1).await.unwrap();
    next(&mut watch).await.unwrap();

    etcd.stop();
    assert!(is_unavailable(&next(&mut watch).await), "the watch tells of the outage");
    assert!(is_unavailable(&session.list("a".into()).await));
    assert!(is_unavailable(&session.keep_alive(lease.id).await));

    etcd.start_again();
    await_value(&*session, "a", "1").await;
    assert_eq!(session.keep_alive(lease.id).await.unwrap(), lease);
}

#[tokio::test]
async fn a_restart_with_nothing_shows_as_lost_lease_and_future_revision() {
    let mut etcd = EtcdProcess::start();
    let session = open_ready(&Etcd::new([etcd.address()])).await;
    let lease = session.grant(Duration::from_secs(60)).await.unwrap();
    let mut revision = 0;
    for value in ["1", "2", "3"] {
        revision = put(&*session, "a", value).await.unwrap();
    }
    etcd.stop();
    etcd.start_empty();
    let snapshot = eventually("the registry to answer", async || session.list(String::new()).await.ok()).await;
    assert!(snapshot.revision < revision && snapshot.entries.is_empty(), "{snapshot:?}");

    let lost = session.keep_alive(lease.id).await;
    assert!(matches!(lost, Err(RegistryError::LeaseNotFound(id)) if id == lease.id), "{lost:?}");
    let lost = session.put("a".into(), "x".into(), Some(lease.id)).await;
    assert!(matches!(lost, Err(RegistryError::LeaseNotFound(id)) if id == lease.id), "{lost:?}");
    let lost = session.watch("a".into(), revision + 1).await.err();
    assert!(
        matches!(lost, Some(RegistryError::FutureRevision { wanted, current }) if wanted == revision + 1 && current < revision),
        "{lost:?}"
    );
}

#[tokio::test]
async fn a_frozen_etcd_is_unavailable_within_the_bound() {
    let etcd = EtcdProcess::start();
    let session = open_ready(&Etcd::new([etcd.address()])).await;
    let mut watch = session.watch("a".into(), 1).await.unwrap();
    etcd.freeze();
    let started = Instant::now();
    let (list, write, silent) = tokio::join!(session.list("a".into()), put(&*session, "a", "1"), next(&mut watch));
    assert!(
        is_unavailable(&list) && is_unavailable(&write) && is_unavailable(&silent),
        "{list:?} {write:?} {silent:?}"
    );
    assert!(is_unavailable(&session.grant(Duration::from_secs(5)).await), "nor does a new connection help");
    // Two operations of 2 s each, one after the other, and a watch that ends meanwhile.
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    etcd.thaw();
    eventually("an answer after the thaw", async || put(&*session, "a", "2").await.ok()).await;
}

#[tokio::test]
async fn operations_go_to_an_endpoint_that_answers() {
    let (mut first, second) = (EtcdProcess::start(), EtcdProcess::start());
    for etcd in [&first, &second] {
        open_ready(&Etcd::new([etcd.address()])).await;
    }
    let both = Etcd::new([first.address(), second.address()]);
    let sessions = [open_ready(&both).await, open_ready(&both).await, open_ready(&both).await];
    first.stop();
    for session in &sessions {
        let outcome = session.list(String::new()).await;
        assert!(outcome.is_ok(), "the first operation after the loss of an endpoint already works: {outcome:?}");
    }
}

#[tokio::test]
async fn a_frozen_endpoint_is_left_after_one_operation() {
    let (first, second) = (EtcdProcess::start(), EtcdProcess::start());
    for etcd in [&first, &second] {
        open_ready(&Etcd::new([etcd.address()])).await;
    }
    first.freeze();
    let session = open(&Etcd::new([first.address(), second.address()])).await;
    let outcomes = [session.list(String::new()).await, session.list(String::new()).await];
    assert!(outcomes[1].is_ok(), "{outcomes:?}");
}

#[tokio::test]
async fn a_compaction_during_an_outage_shows_when_watching_again() {
    let mut etcd = EtcdProcess::start();
    let session = open_ready(&Etcd::new([etcd.address()])).await;
    let first = put(&*session, "a", "1").await.unwrap();
    let mut watch = session.watch("a".into(), first).await.unwrap();
    next(&mut watch).await.unwrap();
    etcd.stop();
    assert!(is_unavailable(&next(&mut watch).await));
    etcd.start_again();
    let last = eventually("a write", async || put(&*session, "a", "2").await.ok()).await;
    let last = put(&*session, "a", "3").await.unwrap().max(last);
    compact(&etcd.address(), last).await;
    let mut watch = session.watch("a".into(), first + 1).await.unwrap();
    assert_eq!(next(&mut watch).await.unwrap(), WatchItem::Compacted { revision: last });
}

#[tokio::test]
async fn a_quiet_watch_outlives_the_limit_on_pings() {
    let etcd = EtcdProcess::start();
    let session = open_ready(&Etcd::new([etcd.address()])).await;
    let mut watch = session.watch("a".into(), 1).await.unwrap();
    // etcd hangs up after some 4 s on a client that only pings. Nothing happens here but time.
    let quiet = tokio::time::timeout(Duration::from_secs(9), next(&mut watch)).await;
    assert!(quiet.is_err(), "{quiet:?}");
    put(&*session, "a", "1").await.unwrap();
    let WatchItem::Events { events, .. } = next(&mut watch).await.unwrap() else { panic!("compacted") };
    assert!(
        matches!(&events[..], [event] if matches!(&**event, Event::Put(entry) if entry.value == "1")),
        "{events:?}"
    );
}

#[tokio::test]
async fn six_thousand_keys_of_a_kilobyte_are_listed_at_one_revision() {
    let etcd = EtcdProcess::start();
    let session = open_ready(&Etcd::new([etcd.address()])).await;
    let value = "x".repeat(1_024);
    for chunk in 0..60 {
        let then = (0..100)
            .map(|n| Operation::Put {
                key: format!("k/{:04}", chunk * 100 + n),
                value: value.clone().into(),
                lease: None,
            })
            .collect();
        session.commit(Transaction { then, ..Transaction::default() }).await.unwrap();
    }
    let snapshot = within("a listing while keys are written", async {
        let write = async {
            for n in 0..100 {
                put(&*session, &format!("k/{n:04}a"), "late").await.unwrap();
            }
        };
        tokio::join!(session.list("k/".into()), write).0.unwrap()
    })
    .await;
    assert!(snapshot.entries.len() >= 6_000);
    assert!(snapshot.entries.is_sorted_by(|a, b| a.key < b.key));
    assert!(snapshot.entries.iter().all(|entry| entry.modified <= snapshot.revision));
    let late = snapshot.entries.iter().filter(|entry| entry.value == "late").count();
    let expected = snapshot.entries.iter().map(|entry| entry.modified).max().unwrap();
    assert_eq!(snapshot.entries.len(), 6_000 + late);
    assert!(late == 0 || expected == snapshot.revision, "the writes up to the revision, and none after it");
}

#[tokio::test]
async fn what_etcd_rejects_is_told_with_the_reason() {
    let etcd = EtcdProcess::start();
    let session = open_ready(&Etcd::new([etcd.address()])).await;
    let then = (0..129).map(|n| Operation::Delete { key: format!("k{n}") }).collect();
    let error = session.commit(Transaction { then, ..Transaction::default() }).await.unwrap_err();
    assert!(matches!(&error, RegistryError::Rejected(text) if text.contains("--max-txn-ops")), "{error}");
    let error = session.put("k".into(), vec![0; 2 << 20].into(), None).await.unwrap_err();
    assert!(matches!(error, RegistryError::Rejected(_)), "{error}");
}

#[tokio::test]
async fn nobody_at_the_address_is_unavailable_at_once_and_names_it() {
    let etcd = EtcdProcess::start();
    let address = etcd.address();
    drop(etcd);
    let error = open(&Etcd::new([address.clone()])).await.list(String::new()).await.unwrap_err();
    assert!(matches!(&error, RegistryError::Unavailable(text) if text.contains(&address)), "{error}");
}
