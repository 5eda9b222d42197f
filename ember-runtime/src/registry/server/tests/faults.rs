use etcd_client::WatchOptions;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tonic::{Code, Request, codegen::http::uri::PathAndQuery};
use tonic_prost::ProstCodec;

use super::{Fixture, assert_refused, wait};
use crate::{
    net::{Endpoint, Network, OsNetwork},
    registry::protocol::{Compare, RangeRequest, RequestOp, TxnRequest, TxnResponse, request_op},
    rng::Rng,
};

impl Fixture {
    /// A transaction that no well-meaning client would send.
    async fn refuses(&self, txn: TxnRequest) -> tonic::Status {
        let mut grpc = tonic::client::Grpc::new(self.channel());
        grpc.ready().await.unwrap();
        let path = PathAndQuery::from_static("/etcdserverpb.KV/Txn");
        let codec = ProstCodec::<TxnRequest, TxnResponse>::default();
        wait("a refusal", grpc.unary(Request::new(txn), path, codec)).await.unwrap_err()
    }
}

#[tokio::test]
async fn nonsense_is_an_error() {
    let fixture = Fixture::start().await;
    let compare = Compare { key: b"a".to_vec(), ..Compare::default() };
    let with = |compare| TxnRequest { compare: vec![compare], ..TxnRequest::default() };
    let empty = TxnRequest { success: vec![RequestOp { request: None }], ..TxnRequest::default() };
    let sort = RangeRequest { key: b"a".to_vec(), sort_order: 7, ..Default::default() };
    let sort = RequestOp { request: Some(request_op::Request::Range(sort)) };
    let nonsense = [
        (with(Compare { result: 9, ..compare.clone() }), "unknown result"),
        (with(Compare { target: -1, ..compare.clone() }), "unknown target"),
        (with(Compare { key: Vec::new(), ..compare }), "key is not provided"),
        (empty, "etcdserver: key not found"),
        (TxnRequest { success: vec![sort], ..TxnRequest::default() }, "invalid sort option"),
    ];
    for (txn, text) in nonsense {
        let status = fixture.refuses(txn).await;
        assert!(status.code() == Code::InvalidArgument && status.message().contains(text), "{text}: {status:?}");
    }
}

#[tokio::test]
async fn deep_and_wide_transactions_are_refused() {
    let fixture = Fixture::start().await;
    let nest = |txn: TxnRequest, width| {
        let op = RequestOp { request: Some(request_op::Request::Txn(txn)) };
        TxnRequest { success: vec![op; width], ..TxnRequest::default() }
    };
    let wide = nest(nest(TxnRequest::default(), 65), 65);
    assert!(fixture.refuses(wide).await.message().contains("too many operations"));
    let deep = (0..1000).fold(TxnRequest::default(), |txn, _| nest(txn, 1));
    let status = fixture.refuses(deep).await;
    assert_ne!(status.code(), Code::Unavailable, "{status:?}");
    fixture.client().await.put("still", "here", None).await.unwrap();
}

#[tokio::test]
async fn the_rest_of_etcd_says_that_it_is_not_here() {
    let fixture = Fixture::start().await;
    let mut client = fixture.client().await;
    let absent = |name: &str, why: &str| format!("Ember's embedded registry does not serve {name}: {why}");
    let (code, fenced) = (Code::Unimplemented, "use a transaction and a lease");
    assert_refused(client.lock("a", None).await, code, &absent("v3lockpb.Lock", fenced));
    assert_refused(client.campaign("a", "b", 1).await, code, &absent("v3electionpb.Election", fenced));
    let users = "it has no users: whoever may connect may do everything";
    assert_refused(client.user_list().await, code, &absent("etcdserverpb.Auth", users));
    let members = "it has one member, the process that serves it";
    let changes = absent("changes of etcdserverpb.Cluster", members);
    assert_refused(client.member_add(["http://10.0.0.5:2380"], None).await, code, &changes);
    let disk = absent("this of etcdserverpb.Maintenance", "it looks after its file by itself, and has one member");
    assert_refused(client.defragment().await, code, &disk);
}

#[tokio::test]
async fn a_method_that_is_not_here_is_named() {
    let fixture = Fixture::start().await;
    for (path, text) in [
        ("/etcdserverpb.KV/Increment", "unknown method Increment for service etcdserverpb.KV"),
        ("/etcdserverpb.Queue/Pop", "unknown service etcdserverpb.Queue"),
        (
            "/etcdserverpb.KV/RangeStream",
            "Ember's embedded registry does not serve RangeStream: use Range, with a limit",
        ),
        (
            "/etcdserverpb.Cluster/MemberAdd",
            "Ember's embedded registry does not serve changes of etcdserverpb.Cluster: it has one member, the process that \
             serves it",
        ),
        (
            "/etcdserverpb.Maintenance/Snapshot",
            "Ember's embedded registry does not serve this of etcdserverpb.Maintenance: it looks after its file by itself, and \
             has one member",
        ),
    ] {
        let mut grpc = tonic::client::Grpc::new(fixture.channel());
        grpc.ready().await.unwrap();
        let codec = ProstCodec::<TxnRequest, TxnResponse>::default();
        let request = Request::new(TxnRequest::default());
        let refused = wait("a refusal", grpc.unary(request, PathAndQuery::from_static(path), codec)).await;
        let status = refused.unwrap_err();
        assert_eq!((status.code(), status.message()), (Code::Unimplemented, text));
    }
}

#[tokio::test]
async fn a_stream_may_carry_more_watches_than_a_thousand() {
    let fixture = Fixture::start().await;
    let mut client = fixture.client().await;
    let mut watch = client.watch("0", None).await.unwrap();
    for n in 1..=1_100 {
        let created = wait("a watch", watch.message()).await.unwrap().unwrap();
        assert!(created.created() && !created.canceled(), "{created:?}");
        watch.watch(n.to_string(), None).await.unwrap();
    }
}

#[tokio::test]
async fn a_client_that_does_not_read_holds_nobody_up() {
    let fixture = Fixture::start().await;
    let mut client = fixture.client().await;
    let mut unread = client.watch("", Some(WatchOptions::new().with_all_keys())).await.unwrap();
    assert!(wait("the watch", unread.message()).await.unwrap().unwrap().created());
    // Far more than flow control and the history take together.
    for n in 0..40 {
        let put = client.put(n.to_string(), vec![b'x'; 1 << 20], None);
        wait("a put", put).await.unwrap();
    }
    let last = loop {
        let response = wait("the end of the unread watch", unread.message()).await.unwrap().unwrap();
        if response.canceled() {
            break response;
        }
    };
    assert!(last.compact_revision() > 2, "{last:?}");
}

#[tokio::test]
async fn garbage_on_the_wire_breaks_only_its_own_connection() {
    let (fixture, rng) = (Fixture::start().await, Rng::from_seed(5));
    let mut client = fixture.client().await;
    for round in 0..50 {
        let mut stream = OsNetwork.connect(&Endpoint::Unix(fixture.path.clone())).await.unwrap();
        let mut garbage: Vec<u8> = (0..2000).map(|_| rng.below(256) as u8).collect();
        if round % 2 == 0 {
            garbage.splice(0..0, *b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        }
        // The server may have hung up already.
        let _broken = stream.write_all(&garbage).await;
        let _closed = stream.shutdown().await;
        let _broken = wait("the server to hang up", stream.read_to_end(&mut Vec::new())).await;
        client.put("still", "here", None).await.unwrap();
    }
    assert_eq!(fixture.store.revision(), 51);
}
