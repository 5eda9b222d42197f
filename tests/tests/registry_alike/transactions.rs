//! Transactions.

use etcd_client::proto::{
    PbCompare, PbPutRequest, PbRangeRequest, PbTargetUnion, PbTxnOpRequest, PbTxnRequest, PbTxnRequestOp,
};

use crate::{absent, cases, is, leases, op, op_delete, op_put, op_range, op_txn, put, range, txn};

fn nested(then: Vec<PbTxnRequestOp>, otherwise: Vec<PbTxnRequestOp>) -> PbTxnRequestOp {
    op_txn(PbTxnRequest { failure: otherwise, ..txn(then) })
}

fn when(compare: PbCompare, success: Vec<PbTxnRequestOp>, failure: Vec<PbTxnRequestOp>) -> PbTxnRequest {
    PbTxnRequest { compare: vec![compare], success, failure }
}

fn puts(from: usize, count: usize) -> Vec<PbTxnRequestOp> {
    (from..from + count).map(|n| op_put(&format!("n/{n}"), "")).collect()
}

fn leased(key: &str) -> PbTxnRequestOp {
    op(PbTxnOpRequest::RequestPut(PbPutRequest { lease: 98_765, ..put(key, "") }))
}

cases! {
    written_twice_17(ask) => {
        let (a, b) = (|| op_put("a", "1"), || op_put("b", "2"));
        for ops in [
            vec![a(), a()],
            vec![a(), op_delete("a", "")],
            vec![op_delete("a", ""), a()],
            vec![op_delete("a", "c"), b()],
            vec![a(), nested(vec![a()], vec![])],
            vec![a(), nested(vec![], vec![op_delete("a", "")])],
            vec![nested(vec![op_delete("a", "")], vec![]), a()],
            vec![nested(vec![a()], vec![]), nested(vec![a()], vec![])],
            vec![nested(vec![op_delete("a", "")], vec![]), nested(vec![a()], vec![])],
            vec![nested(vec![a()], vec![]), nested(vec![op_delete("a", "")], vec![])],
            vec![nested(vec![a()], vec![a()]), b()],
            vec![nested(vec![a()], vec![op_delete("a", "")])],
            vec![nested(vec![nested(vec![a()], vec![])], vec![]), op_delete("a", "b")],
        ] {
            ask.txn(txn(ops.clone())).await;
            ask.txn(PbTxnRequest { failure: ops, ..PbTxnRequest::default() }).await;
        }
        ask.txn(PbTxnRequest { failure: vec![a()], ..txn(vec![a()]) }).await;
        ask.range(range("a", "z")).await;
    }
    without_an_end_18(ask) => {
        for ops in [
            vec![op_put("a", "1"), op_delete("a", "\0")],
            vec![op_delete("a", "\0"), op_put("a", "2")],
            vec![op_put("a", "3"), nested(vec![op_delete("\0", "\0")], vec![])],
            vec![nested(vec![op_delete("\0", "\0")], vec![]), op_put("a", "4")],
            vec![op_put("b", "5"), op_delete("c", "a")],
        ] {
            ask.txn(txn(ops)).await;
            ask.range(range("a", "z")).await;
        }
    }
    deletes_19(ask) => {
        ask.put(put("a", "")).await;
        ask.txn(txn(vec![op_delete("a", "c"), op_delete("a", ""), op_delete("a", "b")])).await;
    }
    revisions_20(ask) => {
        ask.txn(txn(puts(0, 3))).await;
        ask.txn(txn(vec![])).await;
        ask.txn(txn(vec![op_range("n/0", 0)])).await;
        ask.txn(txn(vec![op_delete("nothing", "")])).await;
    }
    headers_21(ask) => {
        ask.put(put("a", "")).await;
        let inner = nested(vec![op_range("a", 0), op_put("c", ""), op_delete("nothing", "")], vec![]);
        ask.txn(txn(vec![op_range("a", 0), op_delete("nothing", ""), op_put("b", ""), op_range("b", 0), inner])).await;
    }
    conditions_within_22(ask) => {
        ask.put(put("gone", "")).await;
        let inner = |key| op_txn(when(absent(key), vec![op_put("then", "")], vec![op_put("else", ""), op_range(key, 0)]));
        let deep = |key| nested(vec![inner(key)], vec![]);
        ask.txn(txn(vec![op_put("new", ""), inner("new")])).await;
        ask.txn(txn(vec![op_delete("gone", ""), inner("gone")])).await;
        ask.txn(txn(vec![op_put("newer", ""), deep("newer")])).await;
        ask.range(range("a", "z")).await;
    }
    revisions_within_23(ask) => {
        let base = ask.put(put("a", "1")).await;
        for revision in [base, base + 1, base + 9, -1, -5] {
            ask.txn(txn(vec![op_put("a", "2"), op_range("a", revision)])).await;
            ask.txn(PbTxnRequest { failure: vec![op_range("a", revision)], ..txn(vec![]) }).await;
        }
        ask.compact(base).await;
        ask.txn(txn(vec![op_put("a", "3"), op_range("a", base - 1)])).await;
        ask.range(range("a", "")).await;
    }
    branch_not_taken_24(ask) => {
        for op in [op_put("", ""), op_delete("", "b"), op(PbTxnOpRequest::RequestRange(range("", "b"))), leased("a")] {
            ask.txn(PbTxnRequest { failure: vec![op.clone()], ..txn(vec![]) }).await;
            ask.txn(txn(vec![op_put("b", ""), op.clone()])).await;
            ask.txn(txn(vec![nested(vec![], vec![op])])).await;
        }
        ask.txn(txn(vec![PbTxnRequestOp { request: None }])).await;
        ask.range(range("a", "z")).await;
    }
    counts_25(ask) => {
        for count in [128, 129] {
            ask.txn(txn(puts(0, count))).await;
        }
        for count in [127, 128] {
            ask.txn(txn(vec![nested(puts(0, count), vec![])])).await;
        }
        for (outer, inner) in [(100, 28), (100, 29)] {
            let wide = (0..outer).map(|n| nested(puts(n * inner, inner), vec![]));
            ask.txn(txn(wide.collect())).await;
        }
        let many = PbTxnRequest { compare: vec![absent("a"); 129], ..txn(vec![]) };
        ask.txn(many).await;
    }
    conditions_26(ask) => {
        leases::grant(ask, 2_601, 600).await;
        let first = ask.put(put("a", "m")).await;
        ask.put(PbPutRequest { lease: 2_601, ..put("a", "n") }).await;
        ask.put(put("b", "n")).await;
        for (key, range_end) in [("a", ""), ("absent", ""), ("a", "c"), ("x", "z"), ("z", "x"), ("", ""), ("", "z")] {
            for result in 0..4 {
                for given in [-1, 0, 1, 2, first, first + 1, 2_601] {
                    let given = [
                        (0, PbTargetUnion::Version(given)),
                        (1, PbTargetUnion::CreateRevision(given)),
                        (2, PbTargetUnion::ModRevision(given)),
                        (4, PbTargetUnion::Lease(given)),
                    ];
                    for (target, given) in given {
                        let compare = PbCompare { result, range_end: range_end.into(), ..is(key, target, given) };
                        ask.txn(when(compare, vec![], vec![])).await;
                    }
                }
                for given in ["", "m", "n", "o"] {
                    let compare = is(key, 3, PbTargetUnion::Value(given.into()));
                    let compare = PbCompare { result, range_end: range_end.into(), ..compare };
                    ask.txn(when(compare, vec![], vec![])).await;
                }
            }
        }
    }
    kept_within_4(ask) => {
        let keep = |key| op(PbTxnOpRequest::RequestPut(PbPutRequest { ignore_value: true, ..put(key, "") }));
        ask.txn(txn(vec![keep("a")])).await;
        ask.txn(PbTxnRequest { failure: vec![keep("a")], ..txn(vec![]) }).await;
        ask.put(put("a", "kept")).await;
        ask.txn(txn(vec![keep("a"), op_range("a", 0)])).await;
        let past = PbRangeRequest { limit: 1, ..range("a", "z") };
        ask.txn(txn(vec![op(PbTxnOpRequest::RequestRange(past))])).await;
    }
    depth(ask) => {
        let deep = (0..45).fold(txn(vec![op_put("deep", "")]), |inner, _| txn(vec![op_txn(inner)]));
        ask.txn(deep).await;
    }
    greater_depth(ask) unlike "the reader of protobuf refuses what is deeper than 100 messages" => {
        let deep = (0..60).fold(txn(vec![op_put("deep", "")]), |inner, _| txn(vec![op_txn(inner)]));
        ask.txn(deep).await;
    }
}
