//! The etcd client against a cluster of three: members that die one after the other.

use ember_runtime::registry::{Etcd, Event, WatchItem};
use ember_tests::{
    etcd_process::EtcdProcess,
    registry::{is_unavailable, next, open_ready},
    wait::eventually,
};
use tokio::time::{Duration, Instant};

#[tokio::test]
async fn one_member_may_die_and_without_a_quorum_everything_is_unavailable() {
    let mut members = EtcdProcess::start_three();
    let session = open_ready(&Etcd::new(members.each_ref().map(EtcdProcess::address))).await;
    let lease = session.grant(Duration::from_secs(60)).await.unwrap();
    let revision = session.put("a".into(), "1".into(), Some(lease.id)).await.unwrap();

    members[0].stop();
    // An election may be due, and members that were asked meanwhile say so.
    eventually("two of three to go on", async || session.put("a".into(), "2".into(), Some(lease.id)).await.ok()).await;
    assert_eq!(session.keep_alive(lease.id).await.unwrap(), lease);
    let mut watch = session.watch("a".into(), revision).await.unwrap();
    let mut seen = Vec::new();
    while seen.last().is_none_or(|value| value != "2") {
        let WatchItem::Events { events, .. } = next(&mut watch).await.unwrap() else { panic!("compacted") };
        seen.extend(events.into_iter().filter_map(|event| match event.into() {
            Event::Put(entry) => Some(entry.value),
            Event::Delete { .. } => None,
        }));
    }
    assert_eq!(seen[0], "1", "no event is left out: {seen:?}");

    members[1].stop();
    assert!(is_unavailable(&next(&mut watch).await), "a watch does not stay silent without a leader");
    for _ in 0..3 {
        let started = Instant::now();
        let outcome = session.list("a".into()).await;
        assert!(is_unavailable(&outcome), "{outcome:?}");
        assert!(
            started.elapsed() < Duration::from_secs(4),
            "2 s, and some for a busy machine: {:?}",
            started.elapsed()
        );
    }

    members[1].start_again();
    let entries = eventually("a quorum", async || Some(session.list("a".into()).await.ok()?.entries)).await;
    assert_eq!(entries[0].value, "2");
}
