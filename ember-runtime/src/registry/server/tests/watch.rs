use etcd_client::{EventType, WatchFilterType, WatchOptions, WatchResponse, WatchStream};
use futures_util::{StreamExt, stream};

use super::{Fixture, wait};
use crate::registry::{
    protocol::{WatchCreateRequest, WatchRequest, watch_client::WatchClient, watch_request},
    store::{Contents, KeyRange, Op, Store, Txn},
};

async fn next(watch: &mut WatchStream, what: &str) -> WatchResponse {
    wait(what, watch.message()).await.unwrap().unwrap_or_else(|| panic!("the stream ended before {what}"))
}

fn changes(response: &WatchResponse) -> Vec<(EventType, &str)> {
    response.events().iter().map(|event| (event.event_type(), event.kv().unwrap().key_str().unwrap())).collect()
}

fn prefix() -> WatchOptions {
    WatchOptions::new().with_prefix()
}

#[tokio::test]
async fn one_stream_carries_many_watches() {
    let fixture = Fixture::start().await;
    let mut client = fixture.client().await;
    client.put("a/0", "old", None).await.unwrap();
    let mut watch = client.watch("a/", Some(prefix().with_start_revision(2))).await.unwrap();
    let created = next(&mut watch, "the first watch").await;
    assert!(created.created() && created.events().is_empty() && created.watch_id() == 0, "{created:?}");
    assert_eq!(changes(&next(&mut watch, "the past").await), [(EventType::Put, "a/0")]);

    watch.watch("b/", Some(prefix().with_watch_id(9).with_prev_key())).await.unwrap();
    assert_eq!(next(&mut watch, "the second watch").await.watch_id(), 9);
    watch.watch("b/", Some(prefix().with_watch_id(9))).await.unwrap();
    let refused = next(&mut watch, "a refusal").await;
    assert!(refused.created() && refused.canceled() && refused.cancel_reason().contains("duplicate"), "{refused:?}");

    client.put("b/1", "1", None).await.unwrap();
    client.delete("b/1", None).await.unwrap();
    let mut events = Vec::new();
    while events.len() < 2 {
        let response = next(&mut watch, "a put and a delete").await;
        assert_eq!(response.watch_id(), 9);
        events.extend(response.events().to_vec());
    }
    assert!(events[0].prev_kv().is_none() && events[0].kv().unwrap().version() == 1);
    assert_eq!(events[1].event_type(), EventType::Delete);
    assert_eq!((events[1].kv().unwrap().mod_revision(), events[1].prev_kv().unwrap().value()), (4, &b"1"[..]));

    watch.cancel(9).await.unwrap();
    let canceled = next(&mut watch, "the cancellation").await;
    assert!(canceled.canceled() && canceled.watch_id() == 9 && canceled.compact_revision() == 0, "{canceled:?}");
    client.put("b/2", "", None).await.unwrap();
    client.put("a/1", "", None).await.unwrap();
    assert_eq!(changes(&next(&mut watch, "the first watch again").await), [(EventType::Put, "a/1")]);
}

#[tokio::test]
async fn filters_leave_out_what_is_not_wanted() {
    let fixture = Fixture::start().await;
    let mut client = fixture.client().await;
    let mut watch = client
        .watch("", Some(WatchOptions::new().with_all_keys().with_filters([WatchFilterType::NoPut])))
        .await
        .unwrap();
    next(&mut watch, "the watch").await;
    client.put("a", "", None).await.unwrap();
    client.delete("a", None).await.unwrap();
    assert_eq!(changes(&next(&mut watch, "the delete").await), [(EventType::Delete, "a")]);
}

#[tokio::test]
async fn progress_is_told_when_everything_is_delivered() {
    let fixture = Fixture::start().await;
    let mut client = fixture.client().await;
    for n in 0..3000 {
        client.put("a", n.to_string(), None).await.unwrap();
    }
    let mut watch = client.watch("a", Some(WatchOptions::new().with_start_revision(2))).await.unwrap();
    watch.request_progress().await.unwrap();
    let mut seen = 0;
    let progress = loop {
        let response = next(&mut watch, "the progress").await;
        if response.watch_id() == -1 {
            break response;
        }
        seen += response.events().len();
    };
    assert_eq!((seen, progress.header().unwrap().revision()), (3000, 3001));
}

#[tokio::test]
async fn a_compacted_watch_is_canceled_and_the_stream_lives_on() {
    let fixture = Fixture::start().await;
    let mut client = fixture.client().await;
    for n in 0..3 {
        client.put("a", n.to_string(), None).await.unwrap();
    }
    client.compact(4, None).await.unwrap();
    let mut watch = client.watch("a", Some(WatchOptions::new().with_start_revision(2))).await.unwrap();
    assert!(next(&mut watch, "the watch").await.created());
    let canceled = next(&mut watch, "the cancellation").await;
    assert!(canceled.canceled() && canceled.compact_revision() == 4, "{canceled:?}");
    // As etcd says it.
    assert_eq!((canceled.cancel_reason(), canceled.header().unwrap().revision()), ("", 0));
    watch.watch("a", Some(WatchOptions::new().with_start_revision(4))).await.unwrap();
    assert!(next(&mut watch, "another watch").await.created());
    assert_eq!(changes(&next(&mut watch, "what is left").await), [(EventType::Put, "a")]);
}

#[tokio::test]
async fn a_watch_of_the_future_waits_for_it() {
    let fixture = Fixture::start().await;
    let mut client = fixture.client().await;
    let mut watch = client.watch("a", Some(WatchOptions::new().with_start_revision(4))).await.unwrap();
    let created = next(&mut watch, "the watch").await;
    assert_eq!(created.header().unwrap().revision(), 1, "how a client can tell");
    for n in 0..4 {
        client.put("a", n.to_string(), None).await.unwrap();
    }
    let response = next(&mut watch, "the future").await;
    assert_eq!(response.events()[0].kv().unwrap().mod_revision(), 4);
}

#[tokio::test]
async fn large_responses_come_in_fragments_to_those_who_ask() {
    let fixture = Fixture::start().await;
    let mut client = fixture.client().await;
    for n in 0..4 {
        client.put(n.to_string(), vec![b'x'; 700_000], None).await.unwrap();
    }
    client.delete("", Some(etcd_client::DeleteOptions::new().with_all_keys())).await.unwrap();
    // Clients put them together again: this one does not.
    let all = vec![0];
    let create = WatchCreateRequest {
        key: all.clone(),
        range_end: all,
        start_revision: 6,
        prev_kv: true,
        fragment: true,
        ..WatchCreateRequest::default()
    };
    let request = WatchRequest { request: Some(watch_request::Request::Create(create)) };
    let requests = stream::iter([request]).chain(stream::pending());
    let mut watch = WatchClient::new(fixture.channel()).watch(requests).await.unwrap().into_inner();
    let mut fragments = Vec::new();
    loop {
        let response = wait("a fragment", watch.message()).await.unwrap().unwrap();
        if response.created {
            continue;
        }
        fragments.push(response.events.len());
        if !response.fragment {
            break;
        }
    }
    assert_eq!(fragments, [2, 2]);
}

#[tokio::test]
async fn a_dropped_stream_ends_its_watches_at_the_server() {
    let fixture = Fixture::start().await;
    let mut client = fixture.client().await;
    client.put("a", "", None).await.unwrap();
    let before = fixture.store.users();
    let mut watch = client.watch("a", None).await.unwrap();
    next(&mut watch, "the watch").await;
    assert!(fixture.store.users() > before, "the watch uses the store");
    drop(watch);
    wait("the watch to end", async {
        while fixture.store.users() > before {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_client_that_closes_its_side_keeps_its_watches() {
    let fixture = Fixture::start().await;
    let mut client = fixture.client().await;
    let before = fixture.store.users();
    let (requests, mut responses) = client.watch("a", None).await.unwrap().split();
    assert!(wait("the watch", responses.message()).await.unwrap().unwrap().created());
    drop(requests);
    for n in 0..3 {
        client.put("a", n.to_string(), None).await.unwrap();
        let response = wait("a change", responses.message()).await.unwrap().expect("the stream goes on");
        assert_eq!(response.events()[0].kv().unwrap().mod_revision(), 2 + n);
    }
    drop(responses);
    wait("the watch to end", async {
        while fixture.store.users() > before {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn odd_watches_are_answered_as_by_etcd() {
    let fixture = Fixture::start().await;
    let mut client = fixture.client().await;
    let mut watch = client.watch("a", Some(WatchOptions::new().with_watch_id(-7))).await.unwrap();
    let created = next(&mut watch, "a watch with a negative id").await;
    assert!(created.created() && !created.canceled() && created.watch_id() == -7, "{created:?}");
    for end in ["b", "a"] {
        watch.watch("b", Some(WatchOptions::new().with_range(end))).await.unwrap();
        let refused = next(&mut watch, "a refusal").await;
        assert_eq!((refused.watch_id(), refused.canceled()), (-1, true));
        assert_eq!(refused.cancel_reason(), "mvcc: watcher range is empty");
    }
    for _ in 0..2 {
        watch.request_progress().await.unwrap();
    }
    for _ in 0..2 {
        assert_eq!(next(&mut watch, "a notice for each request").await.watch_id(), -1);
    }
}

#[tokio::test]
async fn the_record_before_is_not_told_if_it_is_compacted() {
    let fixture = Fixture::start().await;
    let mut client = fixture.client().await;
    for n in 2..=4 {
        client.put("a", n.to_string(), None).await.unwrap();
    }
    client.compact(3, None).await.unwrap();
    let options = WatchOptions::new().with_start_revision(3).with_prev_key();
    let mut watch = client.watch("a", Some(options)).await.unwrap();
    next(&mut watch, "the watch").await;
    let response = next(&mut watch, "what is left").await;
    let before: Vec<_> = response.events().iter().map(|event| event.prev_kv().map(|kv| kv.value().to_vec())).collect();
    assert_eq!(before, [None, Some(b"3".to_vec())]);
}

#[tokio::test]
async fn no_answer_to_a_watch_tells_a_revision_before_it_is_kept() {
    let (store, log) = Store::kept(&Contents::default(), 1);
    let fixture = Fixture::with(store.clone()).await;
    let mut client = fixture.client().await;
    let put = |key: &'static str| Op::Put { key: key.into(), value: Some("".into()), lease: Some(0) };
    let numbers = ["a/1", "a/2"].map(|key| {
        store.commit(&Txn::of(put(key))).unwrap();
        match log.take(None) {
            crate::registry::store::Taken::Entries(_, number) => number,
            other => panic!("{other:?}"),
        }
    });
    // One is being written, and one waits.
    let revision = |response: &WatchResponse| response.header().unwrap().revision();
    let mut watch = client.watch("a/", Some(prefix())).await.unwrap();
    let created = next(&mut watch, "the watch").await;
    assert_eq!((created.created(), revision(&created)), (true, 1));
    watch.watch("a/", Some(prefix().with_watch_id(9))).await.unwrap();
    watch.watch("a/", Some(prefix().with_watch_id(9))).await.unwrap();
    assert_eq!(revision(&next(&mut watch, "the second watch").await), 1);
    let refused = next(&mut watch, "a refusal").await;
    assert_eq!((refused.canceled(), revision(&refused)), (true, 1));
    watch.cancel(9).await.unwrap();
    assert_eq!(revision(&next(&mut watch, "the end of the second").await), 1);
    for (number, kept) in numbers.into_iter().zip(2..) {
        log.kept(number, kept);
        let told = next(&mut watch, "what is kept").await;
        assert_eq!((revision(&told), changes(&told).len()), (kept, 1), "{told:?}");
    }
    store.commit(&Txn::of(Op::Delete(KeyRange::all()))).unwrap();
    watch.cancel(created.watch_id()).await.unwrap();
    let canceled = next(&mut watch, "the cancellation").await;
    assert_eq!((canceled.canceled(), revision(&canceled)), (true, 3));
}
