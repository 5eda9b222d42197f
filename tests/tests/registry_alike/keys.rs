//! Keys. The numbers are those of the list of what was observed.

use etcd_client::proto::{PbPutRequest, PbRangeRequest, PbTxnOpRequest};

use crate::{cases, delete, op, op_put, put, range, txn};

async fn lease(ask: &mut crate::ask::Ask, id: i64) {
    crate::leases::grant(ask, id, 600).await;
}

fn keep(key: &str, value: bool, lease: bool) -> PbPutRequest {
    PbPutRequest { ignore_value: value, ignore_lease: lease, ..put(key, "") }
}

fn all() -> PbRangeRequest {
    range("a", "z")
}

async fn some(ask: &mut crate::ask::Ask) {
    for (key, value) in [("a", "3"), ("c", "1"), ("b", "2"), ("a", "4"), ("d", "2")] {
        ask.put(put(key, value)).await;
    }
}

cases! {
    put_1(ask) => {
        for value in ["1", "2", "2"] {
            ask.put(PbPutRequest { prev_kv: true, ..put("a", value) }).await;
        }
        ask.range(range("a", "")).await;
    }
    empty_key_2(ask) => {
        ask.put(put("", "x")).await;
        ask.put(put("a", "")).await;
        ask.range(range("", "")).await;
        ask.delete(delete("", "")).await;
    }
    unknown_lease_3(ask) => {
        for lease in [77, -5] {
            ask.put(PbPutRequest { lease, ..put("a", "x") }).await;
        }
        ask.range(range("a", "")).await;
    }
    kept_4(ask) => {
        for (value, lease) in [(true, false), (false, true), (true, true)] {
            ask.put(keep("a", value, lease)).await;
            ask.put(PbPutRequest { value: b"x".to_vec(), lease: 5, ..keep("a", value, lease) }).await;
        }
    }
    kept_5(ask) => {
        lease(ask, 501).await;
        for second in [keep("a", true, false), keep("a", false, true), put("a", "y")] {
            ask.put(PbPutRequest { lease: 501, ..put("a", "x") }).await;
            ask.put(second).await;
            ask.range(range("a", "")).await;
        }
    }
    sizes_6(ask) => {
        // etcd's own number for the request takes nine or ten bytes: one byte of difference between members.
        for bytes in [1_572_837, 1_572_840] {
            ask.put(put("e/1", &"x".repeat(bytes))).await;
        }
        for bytes in [12_270, 12_280] {
            let puts = (0..128).map(|n| op_put(&format!("{n:05}"), &"x".repeat(bytes)));
            ask.txn(txn(puts.collect())).await;
        }
        for bytes in [1_500_000, 1_572_880] {
            ask.delete(delete(&"x".repeat(bytes), "")).await;
        }
        // What only reads is not in etcd's log.
        let read = op(PbTxnOpRequest::RequestRange(range(&"x".repeat(1_600_000), "")));
        ask.txn(txn(vec![read])).await;
    }
    larger_7(ask) => {
        ask.put(put("e/1", &"x".repeat(1 << 21))).await;
    }
    odd_ends_8(ask) => {
        some(ask).await;
        for (key, end) in [("b", "a"), ("b", "b"), ("b", "\0")] {
            ask.range(range(key, end)).await;
        }
        for (key, end) in [("b", "a"), ("b", "b"), ("c", "\0")] {
            ask.delete(delete(key, end)).await;
        }
    }
    empty_key_with_an_end_9(ask) => {
        some(ask).await;
        for end in ["b", "\0"] {
            ask.range(range("", end)).await;
            ask.delete(delete("", end)).await;
        }
    }
    limits_10(ask) => {
        some(ask).await;
        for limit in [0, 1, 4, 9, -1] {
            ask.range(PbRangeRequest { limit, ..all() }).await;
            ask.range(PbRangeRequest { limit, count_only: true, ..all() }).await;
        }
    }
    filters_11(ask) => {
        let first = ask.put(put("a", "")).await;
        some(ask).await;
        for limit in [0, 1] {
            ask.range(PbRangeRequest { limit, min_mod_revision: first + 3, ..all() }).await;
            ask.range(PbRangeRequest { limit, max_mod_revision: first + 3, ..all() }).await;
            ask.range(PbRangeRequest { limit, min_create_revision: first + 1, ..all() }).await;
            ask.range(PbRangeRequest { limit, max_create_revision: first, ..all() }).await;
        }
    }
    sorts_12(ask) => {
        some(ask).await;
        for sort_target in 0..5 {
            for sort_order in 0..3 {
                // Equals are in no order in etcd when it is reversed: none of these have any.
                let keys = if sort_target == 4 || sort_target == 1 { range("a", "c") } else { all() };
                ask.range(PbRangeRequest { sort_target, sort_order, keys_only: true, ..keys }).await;
            }
        }
    }
    revisions_13(ask) => {
        let first = ask.put(put("a", "1")).await;
        some(ask).await;
        for revision in [first, first + 2, first + 5, first + 6, -1, -5] {
            ask.range(PbRangeRequest { revision, serializable: revision % 2 == 0, ..all() }).await;
        }
        for revision in [first + 2, first + 2, first + 99, -3] {
            ask.compact(revision).await;
        }
        for revision in [first + 1, first + 2] {
            ask.range(PbRangeRequest { revision, ..all() }).await;
            ask.range(PbRangeRequest { revision, ..range("nothing", "") }).await;
        }
    }
    deletes_14(ask) => {
        ask.delete(delete("a", "")).await;
        ask.delete(delete("a", "z")).await;
        some(ask).await;
        ask.delete(delete("a", "c")).await;
        ask.range(all()).await;
    }
    large_answers_15(ask) unlike "the host's memory: what one request is answered is bounded" => {
        ask.put(put("a", &"x".repeat(1_000_000))).await;
        ask.txn(txn(vec![op(PbTxnOpRequest::RequestRange(range("a", ""))); 70])).await;
    }
    keys_of_large_answers_15(ask) => {
        ask.put(put("a", &"x".repeat(1_000_000))).await;
        let read = PbRangeRequest { keys_only: true, ..range("a", "") };
        ask.txn(txn(vec![op(PbTxnOpRequest::RequestRange(read)); 70])).await;
    }
    long_history_16(ask) unlike "the host's memory: the last 10,000 changes are kept" => {
        let revision = ask.put(put("a", "")).await;
        for _ in 0..90 {
            let puts = (0..127).map(|n| op_put(&format!("h/{n}"), ""));
            ask.txn(txn(puts.collect())).await;
        }
        ask.range(PbRangeRequest { revision, ..range("a", "") }).await;
    }
}
