//! Watches.

use etcd_client::proto::PbWatchRequestUnion;

use crate::{
    ask::{Ask, Watches},
    cases, delete, op_delete, op_put, put, txn,
};

/// What is watched, with the names of the protocol: its message has no public name.
#[derive(Default)]
pub(crate) struct Create {
    pub(crate) range_end: Vec<u8>,
    pub(crate) start_revision: i64,
    pub(crate) watch_id: i64,
    pub(crate) prev_kv: bool,
    pub(crate) fragment: bool,
    pub(crate) filters: Vec<i32>,
}

/// A watch of `a`.
pub(crate) fn create(with: impl FnOnce(&mut Create)) -> PbWatchRequestUnion {
    key("a", with)
}

fn key(key: &str, with: impl FnOnce(&mut Create)) -> PbWatchRequestUnion {
    let mut wanted = Create::default();
    with(&mut wanted);
    let mut request = PbWatchRequestUnion::CreateRequest(Default::default());
    if let PbWatchRequestUnion::CreateRequest(create) = &mut request {
        create.key = key.into();
        create.range_end = wanted.range_end;
        create.start_revision = wanted.start_revision;
        create.watch_id = wanted.watch_id;
        create.prev_kv = wanted.prev_kv;
        create.fragment = wanted.fragment;
        create.filters = wanted.filters;
    }
    request
}

fn cancel(id: i64) -> PbWatchRequestUnion {
    let mut request = PbWatchRequestUnion::CancelRequest(Default::default());
    if let PbWatchRequestUnion::CancelRequest(cancel) = &mut request {
        cancel.watch_id = id;
    }
    request
}

fn progress() -> PbWatchRequestUnion {
    PbWatchRequestUnion::ProgressRequest(Default::default())
}

/// Sends, and says the next response.
async fn tell(ask: &mut Ask, watches: &mut Watches, request: PbWatchRequestUnion) {
    watches.send(request).await;
    ask.hear(watches).await;
}

cases! {
    ids_31(ask) => {
        let mut watches = ask.watch(create(|_| {})).await;
        ask.hear(&mut watches).await;
        for id in [0, 2, 0, 2, 1, 0, -7, -7] {
            tell(ask, &mut watches, create(|watch| watch.watch_id = id)).await;
        }
        for id in [1, -7] {
            tell(ask, &mut watches, cancel(id)).await;
        }
        tell(ask, &mut watches, create(|watch| watch.watch_id = 1)).await;
    }
    starts_32(ask) => {
        let first = ask.revision().await + 1;
        for n in 0..2_500 {
            ask.ask::<_, etcd_client::proto::PbPutResponse>("KV/Put", put("a", &n.to_string())).await.expect("to put");
        }
        let mut watches = ask.watch(create(|watch| watch.start_revision = first)).await;
        ask.hear(&mut watches).await;
        for _ in 0..3 {
            let response = watches.next().await;
            ask.say((response.header.map(|header| header.revision), response.events.len()));
        }
        tell(ask, &mut watches, create(|watch| watch.start_revision = first + 2_502)).await;
        for _ in 0..3 {
            ask.put(put("a", "later")).await;
        }
        // Of one watch three, of the other one: in any order.
        let mut later = Vec::new();
        while later.len() < 4 {
            let response = watches.next().await;
            let id = response.watch_id;
            later.extend(response.events.into_iter().map(|event| (id, event.kv.map(|kv| kv.mod_revision))));
        }
        later.sort();
        ask.say(later);
    }
    compacted_starts_33(ask) => {
        let first = ask.put(put("a", "1")).await;
        for n in 0..3 {
            ask.put(put("a", &n.to_string())).await;
        }
        ask.compact(first + 2).await;
        let mut watches = ask.watch(create(|watch| watch.start_revision = first)).await;
        ask.hear(&mut watches).await;
        ask.hear(&mut watches).await;
        tell(ask, &mut watches, create(|watch| watch.start_revision = first + 2)).await;
        ask.hear_events(&mut watches, 2).await;
    }
    negative_starts_34(ask) => {
        for start in [-1, -5] {
            let mut watches = ask.watch(create(|watch| watch.start_revision = start)).await;
            ask.hear(&mut watches).await;
            ask.hear(&mut watches).await;
        }
    }
    empty_ranges_35(ask) => {
        let mut watches = ask.watch(key("b", |watch| watch.range_end = b"b".to_vec())).await;
        ask.hear(&mut watches).await;
        tell(ask, &mut watches, key("b", |watch| watch.range_end = b"a".to_vec())).await;
        tell(ask, &mut watches, key("b", |watch| watch.range_end = vec![0])).await;
        ask.put(put("z", "")).await;
        ask.hear(&mut watches).await;
    }
    filters_and_records_before_36(ask) => {
        let first = ask.put(put("a", "1")).await;
        ask.put(put("a", "2")).await;
        ask.delete(delete("a", "")).await;
        ask.put(put("a", "3")).await;
        for filters in [vec![0], vec![1]] {
            let wanted = |watch: &mut Create| (watch.start_revision, watch.filters, watch.prev_kv) = (first, filters, true);
            let mut watches = ask.watch(create(wanted)).await;
            ask.hear(&mut watches).await;
            let count = if ask.said.len() > 6 { 3 } else { 1 };
            ask.hear_events(&mut watches, count).await;
        }
        ask.compact(first + 1).await;
        let mut watches = ask.watch(create(|watch| (watch.start_revision, watch.prev_kv) = (first + 1, true))).await;
        ask.hear(&mut watches).await;
        ask.hear_events(&mut watches, 3).await;
    }
    progress_37(ask) => {
        let mut watches = ask.watch(create(|_| {})).await;
        ask.hear(&mut watches).await;
        watches.send(progress()).await;
        tell(ask, &mut watches, progress()).await;
        ask.hear(&mut watches).await;
        let mut none = ask.watch(progress()).await;
        ask.hear(&mut none).await;
    }
    large_events_39(ask) unlike "batches are bounded, so that a client with tonic's default limit of 4 MiB can read them" => {
        let first = ask.revision().await + 1;
        for key in ["a", "b", "c", "d"] {
            ask.put(put(key, &"x".repeat(1_000_000))).await;
        }
        let wanted = |watch: &mut Create| (watch.start_revision, watch.range_end) = (first, b"z".to_vec());
        let mut watches = ask.watch(create(wanted)).await;
        ask.hear(&mut watches).await;
        let response = watches.next().await;
        ask.say((response.fragment, response.events.len()));
    }
    fragments_39(ask) => {
        for key in ["a", "b", "c", "d"] {
            ask.put(put(key, &"x".repeat(1_000_000))).await;
        }
        let wanted = |watch: &mut Create| {
            (watch.range_end, watch.prev_kv, watch.fragment) = (b"z".to_vec(), true, true);
        };
        let mut watches = ask.watch(create(wanted)).await;
        ask.hear(&mut watches).await;
        // One revision, of 4 MB of records before.
        ask.txn(txn(vec![op_delete("a", "e"), op_put("f", "")])).await;
        let mut events = 0;
        while events < 5 {
            let response = watches.next().await;
            events += response.events.len();
            ask.say((response.fragment, events == 5));
        }
    }
    half_closed_40(ask) => {
        let mut watches = ask.watch(create(|_| {})).await;
        ask.hear(&mut watches).await;
        watches.close();
        for _ in 0..2 {
            ask.put(put("a", "")).await;
            ask.hear(&mut watches).await;
        }
    }
    many_41(ask) => {
        let mut watches = ask.watch(create(|_| {})).await;
        ask.hear(&mut watches).await;
        watches.send(cancel(99)).await;
        for _ in 0..1_100 {
            tell(ask, &mut watches, create(|_| {})).await;
        }
    }
}
