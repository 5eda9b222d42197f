//! Leases: what keeps them, what ends them, and what ends with them.

use std::time::Duration;

use bytes::Bytes;
use futures_util::future;
use tokio::time::{Instant, sleep};

use super::suite::{Place, Suite};
use crate::registry::{Lease, RegistryError};

/// The shortest that etcd grants.
const TTL: Duration = Duration::from_secs(2);

pub(super) async fn run(suite: &Suite) {
    a_revoked_lease_takes_its_keys(suite.place("revoke").await).await;
    a_lease_for_ever_is_rejected(suite.place("for ever").await).await;
    a_lease_that_never_was_is_not_found(suite.place("unknown").await).await;
    a_key_belongs_to_the_lease_of_its_last_write(suite.place("moved").await).await;
    // These wait for time to pass: together.
    future::join(
        an_expired_lease_takes_its_keys_and_is_gone(suite.place("expiry").await),
        a_lease_lives_while_it_is_kept_alive(suite.place("alive").await),
    )
    .await;
}

impl Place {
    async fn grant(&self, ttl: Duration) -> Lease {
        let lease = self.ok("grant", self.session.grant(ttl)).await;
        assert!(lease.ttl >= ttl, "{}: wanted {ttl:?}, granted {:?}", self.name, lease.ttl);
        assert_ne!(lease.id, 0, "{}: 0 means no lease", self.name);
        lease
    }

    async fn put_leased(&self, key: &str, lease: Lease) -> i64 {
        self.ok("put with a lease", self.session.put(self.key(key), Bytes::new(), Some(lease.id))).await
    }

    /// Every operation with a lease that is gone says so.
    async fn assert_gone(&self, lease: Lease) {
        let errors = [
            self.fails("keep-alive of a dead lease", self.session.keep_alive(lease.id)).await,
            self.fails("revoke of a dead lease", self.session.revoke(lease.id)).await,
            self.fails("put with a dead lease", self.session.put(self.key("late"), Bytes::new(), Some(lease.id))).await,
        ];
        for error in errors {
            let said = matches!(error, RegistryError::LeaseNotFound(id) if id == lease.id);
            assert!(said, "{}: lease {:x} is gone, but: {error:?}", self.name, lease.id);
        }
        assert!(!self.names().await.contains(&"late".to_owned()), "{}: a refused put wrote", self.name);
    }
}

async fn a_revoked_lease_takes_its_keys(place: Place) {
    let (lease, other) = (place.grant(60 * TTL).await, place.grant(60 * TTL).await);
    assert_ne!(lease.id, other.id, "{}: ids are unique", place.name);
    place.put_leased("b", lease).await;
    place.put_leased("a", lease).await;
    let last = place.put_leased("other", other).await;
    place.put("free", "").await;
    let entry = place.list().await.remove(0);
    assert_eq!(entry.lease, Some(lease.id), "{}: an entry knows its lease", place.name);

    let mut watch = place.watch(last + 2).await;
    place.ok("revoke", place.session.revoke(lease.id)).await;
    assert_eq!(place.names().await, ["free", "other"], "{}", place.name);
    let mut deleted = watch.names("the deletion of two keys", 2).await;
    deleted.sort();
    assert_eq!(deleted, ["-a", "-b"], "{}", place.name);
    place.assert_gone(lease).await;
    place.ok("keep-alive of the other lease", place.session.keep_alive(other.id)).await;
    place.ok("revoke", place.session.revoke(other.id)).await;
}

async fn a_lease_for_ever_is_rejected(place: Place) {
    for ttl in [Duration::MAX, Duration::from_secs(9_000_000_001)] {
        let error = place.fails("a lease for ever", place.session.grant(ttl)).await;
        let text = error.to_string();
        assert!(matches!(error, RegistryError::Rejected(_)) && text.contains("lease"), "{}: {text}", place.name);
    }
    // The shortest is lengthened, if the registry knows none that is so short.
    place.grant(Duration::ZERO).await;
}

async fn a_lease_that_never_was_is_not_found(place: Place) {
    place.assert_gone(Lease { id: 0x00DE_AD1E_A5E0, ttl: TTL }).await;
}

async fn a_key_belongs_to_the_lease_of_its_last_write(place: Place) {
    let (first, second) = (place.grant(60 * TTL).await, place.grant(60 * TTL).await);
    for key in ["moved", "freed"] {
        place.put_leased(key, first).await;
    }
    place.put_leased("moved", second).await;
    place.put("freed", "").await;
    place.ok("revoke", place.session.revoke(first.id)).await;
    assert_eq!(place.names().await, ["freed", "moved"], "{}", place.name);
    place.ok("revoke", place.session.revoke(second.id)).await;
    assert_eq!(place.names().await, ["freed"], "{}", place.name);
}

async fn an_expired_lease_takes_its_keys_and_is_gone(place: Place) {
    let asked = Instant::now();
    let lease = place.grant(TTL).await;
    place.put_leased("a", lease).await;
    let last = place.put_leased("b", lease).await;
    let mut watch = place.watch(last + 1).await;
    let mut deleted = watch.names("the keys of an expired lease to be deleted", 2).await;
    deleted.sort();
    assert_eq!(deleted, ["-a", "-b"], "{}", place.name);
    assert!(asked.elapsed() >= lease.ttl, "{}: a lease of {:?} ended early", place.name, lease.ttl);
    assert_eq!(place.names().await, [""; 0], "{}", place.name);
    place.assert_gone(lease).await;
}

async fn a_lease_lives_while_it_is_kept_alive(place: Place) {
    let lease = place.grant(TTL).await;
    let written = place.put_leased("key", lease).await;
    let end = Instant::now() + 3 * lease.ttl;
    while Instant::now() < end {
        let renewed = place.ok("keep-alive", place.session.keep_alive(lease.id)).await;
        assert_eq!(renewed, lease, "{}: renewed for its whole time", place.name);
        // The passing of time is what is tested here.
        sleep(lease.ttl / 4).await;
    }
    assert_eq!(place.names().await, ["key"], "{}: kept alive, and gone", place.name);
    let mut watch = place.watch(written + 1).await;
    assert_eq!(watch.names("the end of the lease, no longer kept alive", 1).await, ["-key"], "{}", place.name);
    place.assert_gone(lease).await;
}
