//! Leases: grant, renew, revoke, look at.

use std::time::Duration;

use etcd_client::proto::{
    PbLeaseGrantRequest, PbLeaseGrantResponse, PbLeaseKeepAliveRequest, PbLeaseKeepAliveResponse, PbLeaseLeasesRequest,
    PbLeaseLeasesResponse, PbLeaseRevokeRequest, PbLeaseRevokeResponse, PbLeaseService, PbLeaseStatus,
    PbLeaseTimeToLiveRequest, PbLeaseTimeToLiveResponse,
};
use futures_util::{StreamExt, stream::BoxStream};
use tonic::{Request, Response, Status, Streaming};

use super::face::Face;
use crate::registry::store::At;

/// In seconds. As etcd grants it by default, so that what works with the embedded registry works with etcd.
const SHORTEST_TTL: u64 = 2;

#[tonic::async_trait]
impl PbLeaseService for Face {
    async fn lease_grant(
        &self,
        request: Request<PbLeaseGrantRequest>,
    ) -> Result<Response<PbLeaseGrantResponse>, Status> {
        let request = request.into_inner();
        let ttl = Duration::from_secs(u64::try_from(request.ttl).unwrap_or(0).max(SHORTEST_TTL));
        let At { revision, value: id } = self.store.grant((request.id != 0).then_some(request.id), ttl)?;
        let header = self.header(revision);
        Ok(Response::new(PbLeaseGrantResponse { header, id, ttl: seconds(ttl), error: String::new() }))
    }

    async fn lease_revoke(
        &self,
        request: Request<PbLeaseRevokeRequest>,
    ) -> Result<Response<PbLeaseRevokeResponse>, Status> {
        let At { revision, value: () } = self.store.revoke(request.into_inner().id)?;
        Ok(Response::new(PbLeaseRevokeResponse { header: self.header(revision) }))
    }

    type LeaseKeepAliveStream = BoxStream<'static, Result<PbLeaseKeepAliveResponse, Status>>;

    async fn lease_keep_alive(
        &self,
        request: Request<Streaming<PbLeaseKeepAliveRequest>>,
    ) -> Result<Response<Self::LeaseKeepAliveStream>, Status> {
        let face = self.clone();
        let answers = request.into_inner().map(move |request| request.map(|request| face.keep_alive(request.id)));
        Ok(Response::new(answers.boxed()))
    }

    async fn lease_time_to_live(
        &self,
        request: Request<PbLeaseTimeToLiveRequest>,
    ) -> Result<Response<PbLeaseTimeToLiveResponse>, Status> {
        let PbLeaseTimeToLiveRequest { id, keys: with_keys } = request.into_inner();
        let Ok(At { revision, value: lease }) = self.store.lease(id) else {
            // Not an error in etcd: a lease that is gone has -1 seconds left.
            let header = self.header(self.store.revision());
            return Ok(Response::new(PbLeaseTimeToLiveResponse { header, id, ttl: -1, ..Default::default() }));
        };
        let keys = if with_keys { lease.keys.iter().map(|key| key.to_vec()).collect() } else { Vec::new() };
        let (ttl, granted_ttl) = (seconds(lease.remaining), seconds(lease.granted));
        Ok(Response::new(PbLeaseTimeToLiveResponse { header: self.header(revision), id, ttl, granted_ttl, keys }))
    }

    async fn lease_leases(&self, _: Request<PbLeaseLeasesRequest>) -> Result<Response<PbLeaseLeasesResponse>, Status> {
        let At { revision, value: ids } = self.store.leases();
        let leases = ids.into_iter().map(|id| PbLeaseStatus { id }).collect();
        Ok(Response::new(PbLeaseLeasesResponse { header: self.header(revision), leases }))
    }
}

impl Face {
    /// A lease that is gone is not an error in etcd: it is renewed for 0 seconds.
    fn keep_alive(&self, id: i64) -> PbLeaseKeepAliveResponse {
        match self.store.keep_alive(id) {
            Ok(At { revision, value: ttl }) => {
                PbLeaseKeepAliveResponse { header: self.header(revision), id, ttl: seconds(ttl) }
            }
            Err(_) => PbLeaseKeepAliveResponse { header: self.header(self.store.revision()), id, ttl: 0 },
        }
    }
}

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}
