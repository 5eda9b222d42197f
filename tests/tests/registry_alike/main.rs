//! The same requests to a real etcd and to the embedded registry, and every answer compared. What differs on purpose says why,
//! and must differ.

mod ask;
mod keys;
mod leases;
mod rest;
mod transactions;
mod watches;

use ember_runtime::registry::Embedded;
use ember_tests::{embedded_node::private_folder, etcd_process::EtcdProcess, registry::open_ready};
use etcd_client::proto::{
    PbCompare, PbDeleteRequest, PbPutRequest, PbRangeRequest, PbTargetUnion, PbTxnOpRequest, PbTxnRequest,
    PbTxnRequestOp,
};
use futures_util::future::BoxFuture;

use crate::ask::Ask;

/// Some requests, asked of both.
struct Case {
    name: &'static str,
    run: for<'a> fn(&'a mut Ask) -> BoxFuture<'a, ()>,
    /// Why the answers differ on purpose.
    differs: Option<&'static str>,
}

/// `name(ask) => …` asks both; `name(ask) unlike "why" => …` where they differ on purpose.
macro_rules! cases {
    ($($name:ident($ask:ident) $(unlike $why:literal)? => $body:block)+) => {
        pub(crate) fn cases() -> Vec<crate::Case> {
            vec![$({
                fn run($ask: &mut crate::ask::Ask) -> futures_util::future::BoxFuture<'_, ()> {
                    Box::pin(async move { $body })
                }
                let differs = [$($why)?].first().copied();
                crate::Case { name: stringify!($name), run, differs }
            }),+]
        }
    };
}
pub(crate) use cases;

fn put(key: &str, value: &str) -> PbPutRequest {
    PbPutRequest { key: key.into(), value: value.into(), ..PbPutRequest::default() }
}

fn range(key: &str, end: &str) -> PbRangeRequest {
    PbRangeRequest { key: key.into(), range_end: end.into(), ..PbRangeRequest::default() }
}

fn delete(key: &str, end: &str) -> PbDeleteRequest {
    PbDeleteRequest { key: key.into(), range_end: end.into(), prev_kv: true }
}

fn op(request: PbTxnOpRequest) -> PbTxnRequestOp {
    PbTxnRequestOp { request: Some(request) }
}

fn op_put(key: &str, value: &str) -> PbTxnRequestOp {
    op(PbTxnOpRequest::RequestPut(put(key, value)))
}

fn op_range(key: &str, revision: i64) -> PbTxnRequestOp {
    op(PbTxnOpRequest::RequestRange(PbRangeRequest { revision, ..range(key, "") }))
}

fn op_delete(key: &str, end: &str) -> PbTxnRequestOp {
    op(PbTxnOpRequest::RequestDeleteRange(delete(key, end)))
}

fn op_txn(txn: PbTxnRequest) -> PbTxnRequestOp {
    op(PbTxnOpRequest::RequestTxn(txn))
}

/// If `when`, then `success`.
fn txn(success: Vec<PbTxnRequestOp>) -> PbTxnRequest {
    PbTxnRequest { success, ..PbTxnRequest::default() }
}

/// A comparison for equality.
fn is(key: &str, target: i32, given: PbTargetUnion) -> PbCompare {
    PbCompare { key: key.into(), target, target_union: Some(given), ..PbCompare::default() }
}

fn absent(key: &str) -> PbCompare {
    is(key, 1, PbTargetUnion::CreateRevision(0))
}

#[tokio::test]
async fn etcd_and_the_embedded_registry_answer_alike() {
    // The shortest lease follows from the election time-out: here it is etcd's own.
    let election = ["--heartbeat-interval", "100", "--election-timeout", "1000"].map(str::to_owned);
    let (process, folder) = (EtcdProcess::start_with("http", |_| election.to_vec()), private_folder());
    let registry = Embedded::at(folder.path());
    let _host = open_ready(&registry).await;
    let mut etcd = Ask::connect(&process.address()).await;
    let mut ours = Ask::connect(&registry.endpoint("test").expect("an endpoint")).await;

    let groups = [keys::cases(), transactions::cases(), leases::cases(), watches::cases(), rest::cases()];
    let mut wrong = Vec::new();
    for Case { name, run, differs } in groups.into_iter().flatten() {
        let revision = etcd.revision().await.max(ours.revision().await) + 2;
        for ask in [&mut etcd, &mut ours] {
            ask.tidy(revision).await;
            ask.said.clear();
            run(ask).await;
        }
        let other = etcd.said.iter().zip(&ours.said).position(|(theirs, ours)| theirs != ours);
        let other = other.or((etcd.said.len() != ours.said.len()).then(|| etcd.said.len().min(ours.said.len())));
        match (other, differs) {
            (None, None) | (Some(_), Some(_)) => {}
            (None, Some(why)) => wrong.push(format!("{name}: does not differ any more: {why}")),
            (Some(at), None) => wrong.push(format!(
                "{name}, answer {at}:\n  etcd {:?}\n  ours {:?}",
                etcd.said.get(at).map(|said| shortened(said)),
                ours.said.get(at).map(|said| shortened(said))
            )),
        }
    }
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
}

fn shortened(said: &str) -> String {
    said.chars().take(2_000).collect()
}
