//! Leases: grant, renew, revoke, look at.

use std::time::Duration;

use futures_util::{StreamExt, stream::BoxStream};
use tonic::{Request, Response, Status, Streaming};

use super::face::Face;
use crate::registry::{
    protocol::{
        LeaseGrantRequest, LeaseGrantResponse, LeaseKeepAliveRequest, LeaseKeepAliveResponse, LeaseLeasesRequest,
        LeaseLeasesResponse, LeaseRevokeRequest, LeaseRevokeResponse, LeaseStatus, LeaseTimeToLiveRequest,
        LeaseTimeToLiveResponse, lease_server::Lease,
    },
    store::At,
};

/// In seconds. As etcd grants it by default, so that what works with the embedded registry works with etcd.
const SHORTEST_TTL: u64 = 2;

#[tonic::async_trait]
impl Lease for Face {
    async fn lease_grant(&self, request: Request<LeaseGrantRequest>) -> Result<Response<LeaseGrantResponse>, Status> {
        let request = request.into_inner();
        let ttl = Duration::from_secs(u64::try_from(request.ttl).unwrap_or(0).max(SHORTEST_TTL));
        self.store.room().await?;
        let At { revision, value: id } = self.store.grant((request.id != 0).then_some(request.id), ttl)?;
        self.store.settled().await?;
        let header = self.header(revision);
        Ok(Response::new(LeaseGrantResponse { header, id, ttl: seconds(ttl) }))
    }

    async fn lease_revoke(
        &self,
        request: Request<LeaseRevokeRequest>,
    ) -> Result<Response<LeaseRevokeResponse>, Status> {
        let revoked = self.store.revoke(request.into_inner().id);
        self.store.settled().await?;
        let At { revision, value: () } = revoked?;
        Ok(Response::new(LeaseRevokeResponse { header: self.header(revision) }))
    }

    type LeaseKeepAliveStream = BoxStream<'static, Result<LeaseKeepAliveResponse, Status>>;

    async fn lease_keep_alive(
        &self,
        request: Request<Streaming<LeaseKeepAliveRequest>>,
    ) -> Result<Response<Self::LeaseKeepAliveStream>, Status> {
        let face = self.clone();
        let answers = request.into_inner().then(move |request| {
            let face = face.clone();
            async move { face.keep_alive(request?.id).await }
        });
        Ok(Response::new(answers.boxed()))
    }

    async fn lease_time_to_live(
        &self,
        request: Request<LeaseTimeToLiveRequest>,
    ) -> Result<Response<LeaseTimeToLiveResponse>, Status> {
        let LeaseTimeToLiveRequest { id, keys: with_keys } = request.into_inner();
        let found = self.store.lease(id);
        // Its keys may not be kept yet, nor its end.
        self.store.settled().await?;
        let Ok(At { revision, value: lease }) = found else {
            // Not an error in etcd: a lease that is gone has -1 seconds left.
            let header = self.header(self.store.shown());
            return Ok(Response::new(LeaseTimeToLiveResponse { header, id, ttl: -1, ..Default::default() }));
        };
        let keys = if with_keys { lease.keys.clone() } else { Vec::new() };
        let (ttl, granted_ttl) = (seconds(lease.remaining), seconds(lease.granted));
        Ok(Response::new(LeaseTimeToLiveResponse { header: self.header(revision), id, ttl, granted_ttl, keys }))
    }

    async fn lease_leases(&self, _: Request<LeaseLeasesRequest>) -> Result<Response<LeaseLeasesResponse>, Status> {
        let At { revision, value: ids } = self.store.leases();
        self.store.settled().await?;
        let leases = ids.into_iter().map(|id| LeaseStatus { id }).collect();
        Ok(Response::new(LeaseLeasesResponse { header: self.header(revision), leases }))
    }
}

impl Face {
    /// A lease that is gone is not an error in etcd: it is renewed for 0 seconds. That is told when its end is kept; a renewal waits for nothing.
    async fn keep_alive(&self, id: i64) -> Result<LeaseKeepAliveResponse, Status> {
        let ttl = match self.store.keep_alive(id) {
            Ok(At { value: ttl, .. }) => seconds(ttl),
            Err(_) => {
                self.store.settled().await?;
                0
            }
        };
        Ok(LeaseKeepAliveResponse { header: self.header(self.store.shown()), id, ttl })
    }
}

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}
