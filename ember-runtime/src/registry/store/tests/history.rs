use std::{collections::BTreeMap, sync::Mutex, time::Duration};

use bytes::Bytes;
use futures_util::future::join_all;
use tokio::time::sleep;

use super::{all, delete, named, put, put_leased};
use crate::{
    registry::store::{
        Gone, Op, Query, Store,
        terms::{KeyRange, StoreError, limits},
    },
    rng::Rng,
};

#[tokio::test(start_paused = true)]
async fn the_past_reads_as_it_was() {
    let (store, rng) = (Store::new(1), Rng::from_seed(7));
    let (mut model, mut past) = (BTreeMap::new(), vec![(1, Vec::new())]);
    for n in 0..500 {
        let mut keys: Vec<_> = (0..12).collect();
        let ops = (0..=rng.below(3)).map(|_| {
            let key = keys.swap_remove(rng.below(keys.len())).to_string();
            if rng.below(3) == 0 {
                model.remove(&key);
                delete(&key)
            } else {
                model.insert(key.clone(), n);
                put(&key, &n.to_string())
            }
        });
        let revision = store.write(ops.collect());
        let contents = model.iter().map(|(key, value)| format!("{key}={value}")).collect();
        past.push((revision, contents));
    }
    for (revision, contents) in past {
        assert_eq!(store.contents(revision), contents, "as of {revision}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_transaction_reads_its_own_writes_and_the_past() {
    let store = Store::new(1);
    let before = store.write(vec![put("a", "1")]);
    let read = |revision| Op::Range(Query { revision, ..Query::new(all()) });
    let txn = crate::registry::store::Txn {
        then: vec![put("a", "2"), put("b", "2"), read(0), read(before)],
        ..Default::default()
    };
    let done = store.commit(&txn).unwrap().value.done;
    let values = |n: usize| match &done[n].value {
        crate::registry::store::Done::Range(found) => found.records.iter().map(|r| r.value.clone()).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    assert_eq!((values(2), values(3)), (vec![Bytes::from("2"), Bytes::from("2")], vec![Bytes::from("1")]));
}

#[tokio::test(start_paused = true)]
async fn an_unread_watcher_falls_out_of_the_bounded_history() {
    let store = Store::new(1);
    let mut unread = store.watch(all(), 2);
    for n in 0..limits::HISTORY_CHANGES {
        store.write(vec![put("key", &n.to_string())]);
    }
    assert_eq!(store.watch(all(), 2).try_next().unwrap().value.len(), limits::BATCH_CHANGES, "all is still there");
    store.write(vec![put("key", "one more")]);
    assert_eq!(unread.next().await, Err(Gone { oldest: 3 }));
    assert_eq!(store.watch(all(), 3).next().await.unwrap().value[0].revision, 3);
    assert_eq!(store.range(&Query { revision: 2, ..Query::new(all()) }), Err(StoreError::Compacted { oldest: 3 }));
}

#[tokio::test(start_paused = true)]
async fn the_history_is_bounded_in_bytes() {
    let store = Store::new(1);
    let value = Some(Bytes::from(vec![0; 1 << 20]));
    for n in 0..40 {
        store.write(vec![Op::Put { key: n.to_string().into(), value: value.clone(), lease: Some(0) }]);
    }
    let Err(Gone { oldest }) = store.watch(all(), 2).next().await else { panic!("40 MiB of history are kept") };
    assert_eq!(
        store.revision() - oldest + 1,
        7,
        "revisions that fit into 16 MiB: 1 MiB each, and as much for what is told of it"
    );
}

#[tokio::test(start_paused = true)]
async fn a_late_watcher_reads_in_batches_and_misses_nothing() {
    let store = Store::new(1);
    for n in 0..1250 {
        store.write(vec![put(&format!("a{n}"), ""), put("b", ""), put("c", "")]);
    }
    let mut watcher = store.watch(KeyRange::prefix("a"), 0);
    let (mut changes, mut batches) = (Vec::new(), 0);
    while changes.len() < 1250 {
        let batch = watcher.next().await.unwrap();
        assert!(batch.value.len() <= limits::BATCH_CHANGES && batch.revision == store.revision());
        changes.extend(named(&batch.value));
        batches += 1;
    }
    let expected: Vec<_> = (0..1250).map(|n| (format!("+a{n}"), n + 2)).collect();
    assert_eq!((changes, batches), (expected, 2));
    assert_eq!(watcher.try_next().unwrap().value, []);
}

#[tokio::test(start_paused = true)]
async fn a_watcher_of_the_future_waits_for_it() {
    let store = Store::new(1);
    let mut watcher = store.watch(all(), 4);
    assert_eq!(watcher.try_next().unwrap().value, []);
    for key in ["2", "3", "4", "5"] {
        store.write(vec![put(key, "")]);
    }
    assert_eq!(named(&watcher.next().await.unwrap().value), [("+4".into(), 4), ("+5".into(), 5)]);
}

#[tokio::test(start_paused = true)]
async fn compaction_forgets_what_was_before_and_refuses_nonsense() {
    let store = Store::new(1);
    for key in ["2", "3", "4"] {
        store.write(vec![put(key, "")]);
    }
    store.compact(3).unwrap();
    assert_eq!(store.watch(all(), 2).try_next(), Err(Gone { oldest: 3 }));
    assert_eq!(store.watch(all(), 3).try_next().unwrap().value.len(), 2);
    assert_eq!(store.contents(3), ["2=", "3="]);
    assert_eq!(store.compact(3), Err(StoreError::Compacted { oldest: 3 }));
    assert_eq!(store.compact(5), Err(StoreError::FutureRevision { wanted: 5, current: 4 }));
    store.compact(4).unwrap();
    assert_eq!(store.contents(0).len(), 3, "the present stays");
}

/// Everything that ten watchers and five writers with leases see, in the order in which they see it.
async fn scenario(seed: u64) -> Vec<String> {
    let (store, rng, log) = (Store::new(1), Rng::from_seed(seed), Mutex::new(Vec::new()));
    let watch = async |id: usize| {
        let mut watcher = store.watch(all(), 0);
        let mut seen = 0;
        while seen < 200 {
            let batch = watcher.next().await.unwrap();
            seen += batch.value.len();
            log.lock().unwrap().push(format!("{id}: {:?}", named(&batch.value)));
        }
    };
    let write = async |id: usize| {
        for n in 0..20 {
            let lease = store.grant(None, rng.jitter(Duration::from_secs(3))).unwrap().value;
            // tidy: sleep: the clock is paused, and the passing of time is the scenario.
            sleep(rng.jitter(Duration::from_millis(1))).await;
            // The lease may have ended already.
            if store.keep_alive(lease).is_ok() {
                store.write(vec![put_leased(&format!("{id}/{n}"), lease)]);
            } else {
                store.write(vec![put(&format!("{id}/{n}"), "")]);
                store.write(vec![delete(&format!("{id}/{n}"))]);
            }
            // tidy: sleep: the clock is paused, and the passing of time is the scenario.
            sleep(rng.jitter(Duration::from_millis(500))).await;
        }
    };
    let writers = join_all((0..5).map(write));
    futures_util::future::join(join_all((0..10).map(watch)), writers).await;
    log.into_inner().unwrap()
}

#[test]
fn the_same_seed_replays() {
    let run = |seed| {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        runtime.enable_time().start_paused(true).build().unwrap().block_on(scenario(seed))
    };
    assert_eq!(run(3), run(3));
    assert_ne!(run(3), run(4), "the log shows something");
}
