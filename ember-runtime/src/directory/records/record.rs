//! What is written in the registry: JSON, so that an operator can read it with etcd's own tools.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    actor::{ServiceIdentity, ServiceState},
    id::{MethodId, NodeKey, Pid, PublicKey},
    net::Endpoint,
    office::OfficeName,
};

/// One node, as the registry holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct NodeRecord {
    /// Which run of which node.
    pub key: NodeKey,
    /// Its name.
    pub name: String,
    /// Where its peers reach it.
    pub endpoint: Endpoint,
    /// Its server id.
    pub server: u32,
    /// The version of Ember that it runs.
    pub ember: String,
    /// By what its peers recognise this run. None if it has no peers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) public_key: Option<PublicKey>,
    /// Its services are starting: it can be recognised, and no view lists it yet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) joining: bool,
    /// Its services are chosen no more; whoever asks for one by its pid still reaches it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) retired: bool,
    /// It is being shut down: none of its services takes calls, whether the registry lists them or not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) retiring: bool,
    /// It is being shut down, its services have stopped, and it is about to leave.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) leaving: bool,
}

impl NodeRecord {
    pub(crate) fn new(key: NodeKey, name: String, endpoint: Endpoint, server: u32) -> Self {
        let ember = env!("CARGO_PKG_VERSION").into();
        Self {
            key,
            name,
            endpoint,
            server,
            ember,
            public_key: None,
            joining: false,
            retired: false,
            retiring: false,
            leaving: false,
        }
    }
}

/// One registered service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ServiceRecord {
    pub(crate) pid: Pid,
    #[serde(flatten)]
    pub(crate) identity: ServiceIdentity,
    pub(crate) state: ServiceState,
    pub(crate) contracts: Vec<String>,
    /// The methods that other nodes may call.
    pub(crate) methods: Vec<MethodRecord>,
    /// Whether its instances elect a master.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) elected: bool,
    /// Whether they have a state in common, so that their master knows what became of calls.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) replicated: bool,
    /// As whom its group knows it, where it goes on from a journal: by the pid of the run in which that began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) member: Option<Pid>,
    /// Its weight, if that has been changed since it was started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) weight: Option<u16>,
}

#[cfg(test)]
impl ServiceRecord {
    /// Of one that says nothing more of itself.
    pub(crate) fn supposed(pid: Pid, identity: ServiceIdentity, state: ServiceState) -> Self {
        let (contracts, methods) = (Vec::new(), Vec::new());
        Self { pid, identity, state, contracts, methods, elected: false, replicated: false, member: None, weight: None }
    }
}

/// What a service says of itself that its state does not change. All who list it share it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Published {
    pub(crate) identity: Arc<ServiceIdentity>,
    /// That of the identity, if it is one.
    pub(crate) version: Option<semver::Version>,
    pub(crate) contracts: Box<[String]>,
    /// Sorted by id.
    pub(crate) methods: Box<[MethodRecord]>,
    /// The group whose master is elected among its instances, if it is.
    pub(crate) office: Option<OfficeName>,
    /// Whether that group has a state in common.
    pub(crate) replicated: bool,
    /// As whom that knows it, if not by its pid.
    pub(crate) member: Option<Pid>,
}

impl Published {
    pub(crate) fn new(
        identity: Arc<ServiceIdentity>,
        contracts: Vec<String>,
        mut methods: Vec<MethodRecord>,
        (elected, replicated, member): (bool, bool, Option<Pid>),
    ) -> Arc<Self> {
        methods.sort_by_key(|method| method.id);
        // Parsed once, and not with each call that asks for a version.
        let version = identity.version.parse().ok();
        let office = elected.then(|| identity.office());
        let (contracts, methods) = (contracts.into(), methods.into());
        Arc::new(Self { identity, version, contracts, methods, office, replicated, member })
    }
}

/// A [`ServiceRecord`] as it is kept.
#[derive(Debug, Clone)]
pub(crate) struct SharedRecord {
    pub(crate) pid: Pid,
    pub(crate) state: ServiceState,
    pub(crate) weight: u16,
    pub(crate) published: Arc<Published>,
}

impl From<ServiceRecord> for SharedRecord {
    fn from(record: ServiceRecord) -> Self {
        let ServiceRecord { pid, identity, state, contracts, methods, elected, replicated, member, weight } = record;
        let weight = weight.unwrap_or_else(|| identity.weight());
        let published = Published::new(Arc::new(identity), contracts, methods, (elected, replicated, member));
        Self { pid, state, weight, published }
    }
}

/// One method of a registered service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MethodRecord {
    pub(crate) id: MethodId,
    pub(crate) fingerprint: u64,
}

/// Where records are kept.
pub(crate) mod keys {
    use crate::id::{NodeKey, Pid};

    /// Everything of one cluster.
    pub(crate) fn cluster(cluster: &str) -> String {
        format!("/ember/{cluster}/")
    }

    pub(crate) fn node(cluster: &str, node: NodeKey) -> String {
        format!("/ember/{cluster}/nodes/{}.{}", node.id, node.incarnation)
    }

    pub(crate) fn service(cluster: &str, pid: Pid) -> String {
        format!("/ember/{cluster}/services/{}.{}/{}", pid.node.id, pid.node.incarnation, pid.number)
    }
}
