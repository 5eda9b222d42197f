//! What else etcd serves.

use etcd_client::proto::{
    PbAlarmRequest, PbAlarmResponse, PbDefragmentRequest, PbDefragmentResponse, PbMemberListRequest,
    PbMemberListResponse, PbRangeRequest, PbRangeResponse, PbStatusRequest, PbStatusResponse,
};

use crate::{
    ask::{Ask, refusal},
    cases, range,
};

/// Says how `method` refuses.
async fn refused(ask: &mut Ask, method: &str) {
    let outcome: Result<PbRangeResponse, _> = ask.ask(method, PbRangeRequest::default()).await;
    ask.said.push(outcome.map_or_else(|status| refusal(&status), |_| "no refusal".into()));
}

cases! {
    headers_60(ask) => {
        ask.range(range("a", "")).await;
    }
    one_member_61(ask) => {
        let list: PbMemberListResponse = ask.ask("Cluster/MemberList", PbMemberListRequest::default()).await.expect("members");
        let status: PbStatusResponse = ask.ask("Maintenance/Status", PbStatusRequest {}).await.expect("a status");
        let header = list.header.expect("a header");
        let [member] = &list.members[..] else { panic!("{list:?}") };
        ask.say((header.revision, header.member_id == member.id, status.leader == member.id, member.is_learner));
        ask.say((status.header.expect("a header").revision, status.version.starts_with("3.4.23"), &status.errors));
        ask.say((status.raft_index > 0, status.raft_applied_index > 0, status.raft_term > 0, status.db_size > 0));
        ask.say((member.name.is_empty(), member.client_ur_ls.len()));
    }
    alarms_61(ask) => {
        for action in [0, 2] {
            let request = PbAlarmRequest { action, member_id: 0, alarm: 1 };
            // etcd 3.4 leaves the header out here, later ones do not: ours is there.
            let answer: PbAlarmResponse = ask.ask("Maintenance/Alarm", request).await.expect("an answer");
            ask.say(answer.alarms);
        }
    }
    maintenance_61(ask) unlike "there is no disk" => {
        let outcome: Result<PbDefragmentResponse, _> = ask.ask("Maintenance/Defragment", PbDefragmentRequest {}).await;
        ask.said.push(outcome.map_or_else(|status| refusal(&status), |_| "done".into()));
    }
    users_61(ask) unlike "there are no users" => {
        refused(ask, "Auth/AuthDisable").await;
    }
    locks_62(ask) unlike "a transaction and a lease do it" => {
        refused(ask, "/v3lockpb.Lock/Lock").await;
    }
    unknown_65(ask) => {
        for method in ["KV/Increment", "Lease/Forget", "Watch/Look", "Cluster/MemberPraise", "Maintenance/Rest"] {
            refused(ask, method).await;
        }
        refused(ask, "/etcdserverpb.Queue/Pop").await;
    }
    health_65(ask) unlike "Maintenance.Status and a read tell how it is" => {
        refused(ask, "/grpc.health.v1.Health/Check").await;
    }
}
