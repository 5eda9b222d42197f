//! Leases.

use etcd_client::proto::{
    PbLeaseGrantRequest, PbLeaseGrantResponse, PbLeaseLeasesRequest, PbLeaseLeasesResponse, PbLeaseRevokeRequest,
    PbLeaseRevokeResponse, PbLeaseTimeToLiveRequest, PbLeaseTimeToLiveResponse, PbPutRequest,
};

use crate::{ask::Ask, cases, put, range, watches::create};

pub(crate) async fn grant(ask: &mut Ask, id: i64, ttl: i64) {
    ask.call::<_, PbLeaseGrantResponse>("Lease/LeaseGrant", PbLeaseGrantRequest { id, ttl }).await;
}

async fn revoke(ask: &mut Ask, id: i64) {
    ask.call::<_, PbLeaseRevokeResponse>("Lease/LeaseRevoke", PbLeaseRevokeRequest { id }).await;
}

/// Says what does not depend on when it is asked.
async fn look(ask: &mut Ask, id: i64) {
    let request = PbLeaseTimeToLiveRequest { id, keys: true };
    let answer: PbLeaseTimeToLiveResponse = ask.ask("Lease/LeaseTimeToLive", request).await.expect("an answer");
    let mut keys = answer.keys;
    keys.sort();
    ask.say((answer.id, answer.ttl.signum(), answer.granted_ttl, keys));
}

async fn leased(ask: &mut Ask, key: &str, lease: i64) {
    ask.put(PbPutRequest { lease, ..put(key, "") }).await;
}

cases! {
    grants_27(ask) => {
        for (id, ttl) in [(2_701, 600), (2_701, 600), (2_702, 0), (2_703, 1), (2_704, 2), (2_705, -1), (-2_706, 60)] {
            grant(ask, id, ttl).await;
        }
        for (id, ttl) in [(2_707, 315_360_000), (2_708, 9_000_000_000), (2_709, 9_000_000_001)] {
            grant(ask, id, ttl).await;
        }
        for id in [2_701, 2_702, 2_703, 2_704, 2_705, -2_706, 2_707, 2_708] {
            revoke(ask, id).await;
        }
    }
    looks_28(ask) => {
        look(ask, 2_801).await;
        grant(ask, 2_801, 600).await;
        for key in ["c", "a", "b"] {
            leased(ask, key, 2_801).await;
        }
        look(ask, 2_801).await;
        for id in [2_801, 2_801, 0] {
            revoke(ask, id).await;
        }
        ask.call::<_, PbLeaseLeasesResponse>("Lease/LeaseLeases", PbLeaseLeasesRequest {}).await;
    }
    revocations_29(ask) => {
        let mut watches = ask.watch(create(|watch| watch.range_end = b"z".to_vec())).await;
        ask.hear(&mut watches).await;
        for id in [2_901, 2_902] {
            grant(ask, id, 600).await;
        }
        leased(ask, "a", 2_901).await;
        leased(ask, "b", 2_901).await;
        leased(ask, "b", 2_902).await;
        ask.hear_events(&mut watches, 3).await;
        revoke(ask, 2_901).await;
        ask.hear(&mut watches).await;
        ask.range(range("a", "z")).await;
        revoke(ask, 2_902).await;
        grant(ask, 2_903, 600).await;
        revoke(ask, 2_903).await;
    }
    expiry_30(ask) => {
        let mut watches = ask.watch(create(|watch| watch.range_end = b"z".to_vec())).await;
        ask.hear(&mut watches).await;
        grant(ask, 3_001, 2).await;
        for key in ["a", "b", "c"] {
            leased(ask, key, 3_001).await;
        }
        ask.hear_events(&mut watches, 3).await;
        let end = ask.hear(&mut watches).await;
        assert_eq!(end.events.len(), 3, "in one response");
        look(ask, 3_001).await;
    }
}
