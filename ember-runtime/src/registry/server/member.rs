//! The cluster of one that clients see: members, health, status.

use etcd_client::proto::{
    PbAlarmRequest, PbAlarmResponse, PbClusterService, PbDefragmentRequest, PbDefragmentResponse, PbDowngradeRequest,
    PbDowngradeResponse, PbHashKvRequest, PbHashKvResponse, PbHashRequest, PbHashResponse, PbMaintenanceService,
    PbMember, PbMemberAddRequest, PbMemberAddResponse, PbMemberListRequest, PbMemberListResponse,
    PbMemberPromoteRequest, PbMemberPromoteResponse, PbMemberRemoveRequest, PbMemberRemoveResponse,
    PbMemberUpdateRequest, PbMemberUpdateResponse, PbMoveLeaderRequest, PbMoveLeaderResponse, PbSnapshotRequest,
    PbSnapshotResponse, PbStatusRequest, PbStatusResponse,
};
use futures_util::stream;
use tonic::{Request, Response, Status};

use super::{absent, face::Face, identity::TERM};
/// The etcd whose answers are these.
const VERSION: &str = concat!("3.4.23+ember.", env!("CARGO_PKG_VERSION"));
const NAME: &str = "ember";

#[tonic::async_trait]
impl PbClusterService for Face {
    async fn member_list(&self, _: Request<PbMemberListRequest>) -> Result<Response<PbMemberListResponse>, Status> {
        let urls: Vec<String> = self.member.address.iter().cloned().collect();
        let member = PbMember { id: self.member.id, name: NAME.into(), client_ur_ls: urls, ..PbMember::default() };
        // As in etcd: the members are not as of a revision.
        Ok(Response::new(PbMemberListResponse { header: self.header(0), members: vec![member] }))
    }

    async fn member_add(&self, _: Request<PbMemberAddRequest>) -> Result<Response<PbMemberAddResponse>, Status> {
        Err(absent::members())
    }

    async fn member_remove(
        &self,
        _: Request<PbMemberRemoveRequest>,
    ) -> Result<Response<PbMemberRemoveResponse>, Status> {
        Err(absent::members())
    }

    async fn member_update(
        &self,
        _: Request<PbMemberUpdateRequest>,
    ) -> Result<Response<PbMemberUpdateResponse>, Status> {
        Err(absent::members())
    }

    async fn member_promote(
        &self,
        _: Request<PbMemberPromoteRequest>,
    ) -> Result<Response<PbMemberPromoteResponse>, Status> {
        Err(absent::members())
    }
}

#[tonic::async_trait]
impl PbMaintenanceService for Face {
    /// There are no alarms to look at or to end; to raise one would have to stop the writes.
    async fn alarm(&self, request: Request<PbAlarmRequest>) -> Result<Response<PbAlarmResponse>, Status> {
        const ACTIVATE: i32 = 1;
        if request.into_inner().action == ACTIVATE {
            return Err(absent::maintenance());
        }
        Ok(Response::new(PbAlarmResponse { header: self.header(self.store.revision()), alarms: Vec::new() }))
    }

    async fn status(&self, _: Request<PbStatusRequest>) -> Result<Response<PbStatusResponse>, Status> {
        let revision = self.store.revision();
        let (index, bytes) = (revision.cast_unsigned(), i64::try_from(self.store.bytes()).unwrap_or(i64::MAX));
        Ok(Response::new(PbStatusResponse {
            header: self.header(revision),
            version: VERSION.into(),
            db_size: bytes,
            db_size_in_use: bytes,
            leader: self.member.id,
            raft_index: index,
            raft_applied_index: index,
            raft_term: TERM,
            ..PbStatusResponse::default()
        }))
    }

    async fn defragment(&self, _: Request<PbDefragmentRequest>) -> Result<Response<PbDefragmentResponse>, Status> {
        Err(absent::maintenance())
    }

    async fn hash(&self, _: Request<PbHashRequest>) -> Result<Response<PbHashResponse>, Status> {
        Err(absent::maintenance())
    }

    async fn hash_kv(&self, _: Request<PbHashKvRequest>) -> Result<Response<PbHashKvResponse>, Status> {
        Err(absent::maintenance())
    }

    type SnapshotStream = stream::Empty<Result<PbSnapshotResponse, Status>>;

    async fn snapshot(&self, _: Request<PbSnapshotRequest>) -> Result<Response<Self::SnapshotStream>, Status> {
        Err(absent::maintenance())
    }

    async fn move_leader(&self, _: Request<PbMoveLeaderRequest>) -> Result<Response<PbMoveLeaderResponse>, Status> {
        Err(absent::maintenance())
    }

    async fn downgrade(&self, _: Request<PbDowngradeRequest>) -> Result<Response<PbDowngradeResponse>, Status> {
        Err(absent::maintenance())
    }
}
