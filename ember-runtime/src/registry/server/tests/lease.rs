use std::time::Duration;

use etcd_client::{LeaseGrantOptions, LeaseTimeToLiveOptions, PutOptions, WatchOptions};
use tonic::Code;

use super::{Fixture, assert_refused, wait};
use crate::registry::store::{Contents, Op, Store, Taken, Txn};

#[tokio::test]
async fn leases_live_and_die_as_in_etcd() {
    let fixture = Fixture::start().await;
    let mut client = fixture.client().await;
    let short = client.lease_grant(0, None).await.unwrap();
    assert_eq!(short.ttl(), 2, "the shortest that etcd grants");
    let long = client.lease_grant(100, Some(LeaseGrantOptions::new().with_id(7))).await.unwrap();
    assert_eq!((long.id(), long.ttl()), (7, 100));
    for lease in [short.id(), 7] {
        let options = PutOptions::new().with_lease(lease);
        client.put(format!("k/{lease}"), "", Some(options)).await.unwrap();
    }
    let mut leases: Vec<_> = client.leases().await.unwrap().leases().iter().map(|lease| lease.id()).collect();
    leases.sort_unstable();
    assert_eq!(leases, [7, short.id()]);

    let left = client.lease_time_to_live(7, Some(LeaseTimeToLiveOptions::new().with_keys())).await.unwrap();
    assert_eq!((left.granted_ttl(), left.keys()), (100, &[b"k/7".to_vec()][..]));
    assert!((50..=100).contains(&left.ttl()), "{left:?}");

    let mut watch = client.watch("k/", Some(WatchOptions::new().with_prefix())).await.unwrap();
    assert!(wait("the watch", watch.message()).await.unwrap().unwrap().created());
    let expired = wait("the short lease to expire", watch.message()).await.unwrap().unwrap();
    assert_eq!(expired.events()[0].kv().unwrap().key(), format!("k/{}", short.id()).as_bytes());
    client.lease_revoke(7).await.unwrap();
    let revoked = wait("the other key to go", watch.message()).await.unwrap().unwrap();
    assert_eq!(revoked.events()[0].kv().unwrap().key(), b"k/7");

    assert_eq!(client.lease_time_to_live(7, None).await.unwrap().ttl(), -1);
    assert_refused(client.lease_revoke(7).await, Code::NotFound, "etcdserver: requested lease not found");
}

#[tokio::test]
async fn a_stream_of_keep_alives_tells_the_dead_from_the_living() {
    let fixture = Fixture::start().await;
    let mut client = fixture.client().await;
    let lease = client.lease_grant(60, None).await.unwrap().id();
    let (mut keeper, mut answers) = client.lease_keep_alive(lease).await.unwrap();
    for _ in 0..3 {
        keeper.keep_alive().await.unwrap();
        let answer = wait("a keep-alive", answers.message()).await.unwrap().unwrap();
        assert_eq!((answer.id(), answer.ttl()), (lease, 60));
    }
    client.lease_revoke(lease).await.unwrap();
    keeper.keep_alive().await.unwrap();
    let answer = wait("a keep-alive", answers.message()).await.unwrap().unwrap();
    assert_eq!((answer.id(), answer.ttl()), (lease, 0));
}

#[tokio::test]
async fn refusals_have_the_codes_and_texts_of_etcd() {
    let fixture = Fixture::start().await;
    let mut client = fixture.client().await;
    let seven = || Some(LeaseGrantOptions::new().with_id(7));
    client.lease_grant(5, seven()).await.unwrap();
    let exists = "etcdserver: lease already exists";
    assert_refused(client.lease_grant(5, seven()).await, Code::FailedPrecondition, exists);
    let too_large = "etcdserver: too large lease TTL";
    assert_refused(client.lease_grant(i64::MAX, None).await, Code::OutOfRange, too_large);
    assert_eq!(client.lease_grant(i64::MIN, None).await.unwrap().ttl(), 2);
}

#[tokio::test]
async fn nothing_of_a_lease_is_told_before_it_is_kept_and_a_renewal_waits_for_nothing() {
    let (store, log) = Store::kept(&Contents::default(), 1);
    let fixture = Fixture::with(store.clone()).await;
    let mut client = fixture.client().await;
    for lease in [7, 8] {
        store.grant(Some(lease), Duration::from_secs(60)).unwrap();
    }
    store.commit(&Txn::of(Op::Put { key: "k".into(), value: Some("".into()), lease: Some(7) })).unwrap();
    store.revoke(8).unwrap();
    let Taken::Entries(_, number) = log.take(None) else { panic!("nothing happened") };

    assert_eq!(wait("the status", client.status()).await.unwrap().raft_index(), 1);
    let (mut renewing, mut renewed) = wait("a stream", client.lease_keep_alive(7)).await.unwrap();
    renewing.keep_alive().await.unwrap();
    let renewed = wait("a renewal", renewed.message()).await.unwrap().unwrap();
    assert_eq!((renewed.ttl(), renewed.header().unwrap().revision()), (60, 1));

    let [mut one, mut other, mut dead] = [(); 3].map(|()| client.clone());
    let asked = async {
        let with_keys = Some(LeaseTimeToLiveOptions::new().with_keys());
        tokio::join!(one.lease_time_to_live(7, with_keys), other.leases(), dead.lease_keep_alive(8))
    };
    tokio::pin!(asked);
    let early = tokio::time::timeout(Duration::from_millis(50), &mut asked).await;
    assert!(early.is_err(), "{early:?}");
    log.kept(number, 2);
    let (left, leases, ended) = wait("the answers", asked).await;
    assert_eq!((left.unwrap().keys(), leases.unwrap().leases().len()), (&[b"k".to_vec()][..], 1));
    assert!(matches!(&ended, Err(etcd_client::Error::LeaseKeepAliveError(_))), "{ended:?}");
}
