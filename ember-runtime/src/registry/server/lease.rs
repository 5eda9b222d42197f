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
        let At { revision, value: () } = self.store.revoke(request.into_inner().id)?;
        self.store.settled().await?;
        Ok(Response::new(LeaseRevokeResponse { header: self.header(revision) }))
    }

    type LeaseKeepAliveStream = BoxStream<'static, Result<LeaseKeepAliveResponse, Status>>;

    async fn lease_keep_alive(
        &self,
        request: Request<Streaming<LeaseKeepAliveRequest>>,
    ) -> Result<Response<Self::LeaseKeepAliveStream>, Status> {
        let face = self.clone();
        let answers = request.into_inner().map(move |request| request.map(|request| face.keep_alive(request.id)));
        Ok(Response::new(answers.boxed()))
    }

    async fn lease_time_to_live(
        &self,
        request: Request<LeaseTimeToLiveRequest>,
    ) -> Result<Response<LeaseTimeToLiveResponse>, Status> {
        let LeaseTimeToLiveRequest { id, keys: with_keys } = request.into_inner();
        let Ok(At { revision, value: lease }) = self.store.lease(id) else {
            // Not an error in etcd: a lease that is gone has -1 seconds left.
            let header = self.header(self.store.revision());
            return Ok(Response::new(LeaseTimeToLiveResponse { header, id, ttl: -1, ..Default::default() }));
        };
        let keys = if with_keys { lease.keys.clone() } else { Vec::new() };
        let (ttl, granted_ttl) = (seconds(lease.remaining), seconds(lease.granted));
        Ok(Response::new(LeaseTimeToLiveResponse { header: self.header(revision), id, ttl, granted_ttl, keys }))
    }

    async fn lease_leases(&self, _: Request<LeaseLeasesRequest>) -> Result<Response<LeaseLeasesResponse>, Status> {
        let At { revision, value: ids } = self.store.leases();
        let leases = ids.into_iter().map(|id| LeaseStatus { id }).collect();
        Ok(Response::new(LeaseLeasesResponse { header: self.header(revision), leases }))
    }
}

impl Face {
    /// A lease that is gone is not an error in etcd: it is renewed for 0 seconds.
    fn keep_alive(&self, id: i64) -> LeaseKeepAliveResponse {
        match self.store.keep_alive(id) {
            Ok(At { revision, value: ttl }) => {
                LeaseKeepAliveResponse { header: self.header(revision), id, ttl: seconds(ttl) }
            }
            Err(_) => LeaseKeepAliveResponse { header: self.header(self.store.revision()), id, ttl: 0 },
        }
    }
}

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}
