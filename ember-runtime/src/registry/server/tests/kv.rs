use etcd_client::{
    Compare, CompareOp, DeleteOptions, GetOptions, KvClient, PutOptions, SortOrder, SortTarget, Txn, TxnOp,
    TxnOpResponse,
};
use tonic::Code;

use super::{Fixture, assert_refused};

async fn keys(kv: &mut KvClient, options: GetOptions) -> Vec<String> {
    let got = kv.get("", Some(options)).await.unwrap();
    got.kvs().iter().map(|kv| kv.key_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn keys_are_written_read_and_deleted_as_in_etcd() {
    let fixture = Fixture::start().await;
    let mut kv = fixture.client().await.kv_client();
    kv.put("a", "1", None).await.unwrap();
    let put = kv.put("a", "2", Some(PutOptions::new().with_prev_key())).await.unwrap();
    assert_eq!(put.prev_key().unwrap().value(), b"1");
    assert!(kv.put("b", "", None).await.unwrap().prev_key().is_none());

    let got = kv.get("a", None).await.unwrap();
    let found = &got.kvs()[0];
    assert_eq!((found.key(), found.value(), found.lease()), (&b"a"[..], &b"2"[..], 0));
    assert_eq!((found.create_revision(), found.mod_revision(), found.version()), (2, 3, 2));
    assert_eq!((got.header().unwrap().revision(), got.count(), got.more()), (4, 1, false));

    let old = kv.get("a", Some(GetOptions::new().with_revision(2))).await.unwrap();
    assert_eq!(old.kvs()[0].value(), b"1");

    let deleted = kv.delete("", Some(DeleteOptions::new().with_all_keys().with_prev_key())).await.unwrap();
    let gone: Vec<_> = deleted.prev_kvs().iter().map(|kv| kv.key().to_vec()).collect();
    assert_eq!((deleted.deleted(), gone), (2, vec![b"a".to_vec(), b"b".to_vec()]));
    assert_eq!(kv.delete("a", None).await.unwrap().deleted(), 0);
}

#[tokio::test]
async fn ranges_are_paged_sorted_and_filtered_as_in_etcd() {
    let fixture = Fixture::start().await;
    let mut kv = fixture.client().await.kv_client();
    for (key, value) in [("a", "2"), ("b", "3"), ("c", "1"), ("p/1", ""), ("p/2", "")] {
        kv.put(key, value, None).await.unwrap();
    }
    assert_eq!(keys(&mut kv, GetOptions::new().with_all_keys()).await, ["a", "b", "c", "p/1", "p/2"]);
    let range = GetOptions::new().with_all_keys();
    let descending = range.clone().with_sort(SortTarget::Key, SortOrder::Descend).with_limit(2);
    assert_eq!(keys(&mut kv, descending).await, ["p/2", "p/1"]);
    let by_value = range.clone().with_sort(SortTarget::Value, SortOrder::Descend).with_limit(3);
    assert_eq!(keys(&mut kv, by_value).await, ["b", "a", "c"]);
    assert_eq!(keys(&mut kv, range.clone().with_min_mod_revision(4).with_max_mod_revision(5)).await, ["c", "p/1"]);
    let prefix = kv.get("p/", Some(GetOptions::new().with_prefix().with_keys_only())).await.unwrap();
    assert_eq!(prefix.kvs().len(), 2);
    let from = kv.get("c", Some(GetOptions::new().with_from_key().with_limit(1))).await.unwrap();
    assert_eq!((from.kvs()[0].key(), from.more(), from.count()), (&b"c"[..], true, 3));
    let half_open = kv.get("a", Some(GetOptions::new().with_range("c").with_count_only())).await.unwrap();
    assert_eq!((half_open.kvs().len(), half_open.count()), (0, 2));
    let only_keys = kv.get("a", Some(GetOptions::new().with_keys_only())).await.unwrap();
    assert_eq!((only_keys.kvs()[0].key(), only_keys.kvs()[0].value()), (&b"a"[..], &b""[..]));
}

#[tokio::test]
async fn transactions_answer_each_operation_in_its_place() {
    let fixture = Fixture::start().await;
    let mut kv = fixture.client().await.kv_client();
    let inner = Txn::new()
        .when([Compare::version("a", CompareOp::Greater, 5)])
        .and_then([TxnOp::delete("other", None)])
        .or_else([TxnOp::get("a", None), TxnOp::put("inner", "", None)]);
    let txn = Txn::new()
        .when([Compare::create_revision("a", CompareOp::Equal, 0), Compare::value("a", CompareOp::NotEqual, "x")])
        .and_then([TxnOp::put("never", "", None)])
        .or_else([
            TxnOp::put("a", "1", Some(PutOptions::new().with_prev_key())),
            TxnOp::txn(inner),
            TxnOp::delete("none", None),
        ]);
    let done = kv.txn(txn).await.unwrap();
    // An absent key has no value: comparing one fails, even "not equal".
    assert!(!done.succeeded());
    let responses = done.op_responses();
    let [TxnOpResponse::Put(put), TxnOpResponse::Txn(inner), TxnOpResponse::Delete(deleted)] = &responses[..] else {
        panic!("{responses:?}")
    };
    assert!(put.prev_key().is_none());
    assert_eq!((inner.succeeded(), deleted.deleted()), (false, 0));
    let responses = inner.op_responses();
    let [TxnOpResponse::Get(read), TxnOpResponse::Put(_)] = &responses[..] else { panic!("{responses:?}") };
    assert_eq!((read.kvs()[0].value(), read.kvs()[0].mod_revision()), (&b"1"[..], 2), "it reads what it wrote");
    assert_eq!((done.header().unwrap().revision(), fixture.store.revision()), (2, 2));
}

#[tokio::test]
async fn refusals_have_the_codes_and_texts_of_etcd() {
    let fixture = Fixture::start().await;
    let mut client = fixture.client().await;
    for value in ["1", "2", "3"] {
        client.put("key", value, None).await.unwrap();
    }
    let invalid = Code::InvalidArgument;
    assert_refused(client.put("", "", None).await, invalid, "etcdserver: key is not provided");
    assert_refused(client.get("", None).await, invalid, "etcdserver: key is not provided");
    assert_refused(client.delete("", None).await, invalid, "etcdserver: key is not provided");
    let options = || Some(PutOptions::new().with_lease(5));
    assert_refused(client.put("a", "", options()).await, Code::NotFound, "etcdserver: requested lease not found");
    let keep = PutOptions::new().with_ignore_value();
    assert_refused(client.put("absent", "", Some(keep.clone())).await, invalid, "etcdserver: key not found");
    assert_refused(client.put("key", "x", Some(keep)).await, invalid, "etcdserver: value is provided");
    let keep = PutOptions::new().with_ignore_lease().with_lease(5);
    assert_refused(client.put("key", "x", Some(keep)).await, invalid, "etcdserver: lease is provided");

    let twice = Txn::new().and_then([TxnOp::put("a", "", None), TxnOp::put("a", "", None)]);
    assert_refused(client.txn(twice).await, invalid, "etcdserver: duplicate key given in txn request");
    let many: Vec<_> = (0..129).map(|n| TxnOp::put(n.to_string(), "", None)).collect();
    let many = Txn::new().and_then(many);
    assert_refused(client.txn(many).await, invalid, "etcdserver: too many operations in txn request");
    // etcd takes 1.5 MiB, and counts all that it writes down.
    client.put("e/1", vec![0; 1_572_836], None).await.unwrap();
    let large = client.put("e/1", vec![0; 1_572_840], None).await;
    assert_refused(large, invalid, "etcdserver: request is too large");
    let larger = client.put("a", vec![0; 1 << 21], None).await;
    let text = "grpc: received message larger than max (2097160 vs. 2097152)";
    assert_refused(larger, Code::ResourceExhausted, text);
    client.delete("e/1", None).await.unwrap();

    client.compact(3, None).await.unwrap();
    let compacted = "etcdserver: mvcc: required revision has been compacted";
    assert_refused(client.compact(3, None).await, Code::OutOfRange, compacted);
    let at = |revision| Some(GetOptions::new().with_revision(revision));
    assert_refused(client.get("key", at(2)).await, Code::OutOfRange, compacted);
    let future = "etcdserver: mvcc: required revision is a future revision";
    assert_refused(client.get("key", at(7)).await, Code::OutOfRange, future);
    assert_refused(client.compact(7, None).await, Code::OutOfRange, future);
    assert_eq!(client.get("key", at(3)).await.unwrap().kvs()[0].value(), b"2");
}
