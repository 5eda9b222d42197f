//! What is written in the registry: JSON, so that an operator can read it with etcd's own tools.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    actor::{ServiceIdentity, ServiceState},
    id::{MethodId, NodeKey, Pid, PublicKey},
    net::Endpoint,
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
    /// It is being shut down.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) retiring: bool,
}

impl NodeRecord {
    pub(crate) fn new(key: NodeKey, name: String, endpoint: Endpoint, server: u32) -> Self {
        let ember = env!("CARGO_PKG_VERSION").into();
        Self { key, name, endpoint, server, ember, public_key: None, joining: false, retiring: false }
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
}

/// A [`ServiceRecord`] as it is kept: the views of one process share its parts.
#[derive(Debug)]
pub(crate) struct Offer {
    pub(crate) pid: Pid,
    pub(crate) identity: Arc<ServiceIdentity>,
    pub(crate) state: ServiceState,
    pub(crate) contracts: Arc<[String]>,
    /// Sorted by id.
    pub(crate) methods: Arc<[MethodRecord]>,
}

impl From<ServiceRecord> for Offer {
    fn from(record: ServiceRecord) -> Self {
        let ServiceRecord { pid, identity, state, contracts, mut methods } = record;
        methods.sort_by_key(|method| method.id);
        Self { pid, identity: Arc::new(identity), state, contracts: contracts.into(), methods: methods.into() }
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
