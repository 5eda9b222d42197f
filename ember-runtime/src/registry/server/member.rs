//! The cluster of one that clients see: members, health, status.

use tonic::{Request, Response, Status};

use super::{absent, face::Face, identity::TERM};
use crate::registry::protocol::{
    AlarmRequest, AlarmResponse, Member, MemberListRequest, MemberListResponse, StatusRequest, StatusResponse,
    alarm_request::Action, cluster_server::Cluster, maintenance_server::Maintenance,
};

/// The etcd whose answers are these.
const VERSION: &str = concat!("3.4.23+ember.", env!("CARGO_PKG_VERSION"));
const NAME: &str = "ember";

#[tonic::async_trait]
impl Cluster for Face {
    async fn member_list(&self, _: Request<MemberListRequest>) -> Result<Response<MemberListResponse>, Status> {
        let urls: Vec<String> = self.member.address.iter().cloned().collect();
        let member = Member { id: self.member.id, name: NAME.into(), client_urls: urls, ..Member::default() };
        // As in etcd: the members are not as of a revision.
        Ok(Response::new(MemberListResponse { header: self.header(0), members: vec![member] }))
    }
}

#[tonic::async_trait]
impl Maintenance for Face {
    /// There are no alarms to look at or to end; to raise one would have to stop the writes.
    async fn alarm(&self, request: Request<AlarmRequest>) -> Result<Response<AlarmResponse>, Status> {
        if request.into_inner().action() == Action::Activate {
            return Err(absent::maintenance());
        }
        Ok(Response::new(AlarmResponse { header: self.header(self.store.shown()) }))
    }

    async fn status(&self, _: Request<StatusRequest>) -> Result<Response<StatusResponse>, Status> {
        let revision = self.store.shown();
        let (index, bytes) = (revision.cast_unsigned(), i64::try_from(self.store.bytes()).unwrap_or(i64::MAX));
        Ok(Response::new(StatusResponse {
            header: self.header(revision),
            version: VERSION.into(),
            db_size: bytes,
            db_size_in_use: bytes,
            leader: self.member.id,
            raft_index: index,
            raft_applied_index: index,
            raft_term: TERM,
        }))
    }
}
