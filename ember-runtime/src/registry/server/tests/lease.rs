use etcd_client::{LeaseGrantOptions, LeaseTimeToLiveOptions, PutOptions, WatchOptions};
use tonic::Code;

use super::{Fixture, assert_refused, wait};

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
