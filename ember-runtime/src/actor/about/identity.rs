//! Who a service is, spelled out when somebody asks: a spawned service may live and die without anybody doing so.

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

use super::{
    shard::Shard,
    spec::{ServiceIdentity, ServiceSpec},
};
use crate::{actor::turn::Limit, id::Pid};

/// What was said of one instance.
#[derive(Debug, Default, Clone)]
pub(crate) struct Particulars {
    pub(crate) id: Option<String>,
    pub(crate) kind: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) tags: BTreeMap<String, String>,
    /// If it is a part of a sharded service.
    pub(crate) shard: Option<Shard>,
    /// If there is a limit to how many of these are at work at once.
    pub(crate) workers: Option<Arc<Limit>>,
}

impl Particulars {
    fn is_empty(&self) -> bool {
        self.id.is_none()
            && self.kind.is_none()
            && self.version.is_none()
            && self.tags.is_empty()
            && self.shard.is_none()
            && self.workers.is_none()
    }
}

/// The identity of one service.
#[derive(Debug)]
pub(crate) struct Identity {
    /// None if nothing was said.
    said: Option<Box<Particulars>>,
    spelled: OnceLock<Arc<ServiceIdentity>>,
}

impl Identity {
    pub(crate) fn new(said: Particulars) -> Self {
        let said = (!said.is_empty()).then(|| Box::new(said));
        Self { said, spelled: OnceLock::new() }
    }

    /// Which shard it is, if it is one.
    pub(crate) fn shard(&self) -> Option<Shard> {
        self.said.as_ref().and_then(|said| said.shard)
    }

    /// The workers of its service, if there is a limit to them.
    #[inline]
    pub(crate) fn workers(&self) -> Option<&Arc<Limit>> {
        self.said.as_ref().and_then(|said| said.workers.as_ref())
    }

    /// The identity of the service `pid`, on a node with this server id.
    pub(crate) fn of(&self, spec: &ServiceSpec, pid: Pid, server: u32) -> &Arc<ServiceIdentity> {
        self.spelled.get_or_init(|| {
            let Particulars { id, kind, version, tags, .. } = self.said.as_deref().cloned().unwrap_or_default();
            let mut identity = ServiceIdentity::new(spec, id.unwrap_or_else(|| own(spec, pid)), server);
            identity.kind = kind.unwrap_or(identity.kind);
            identity.version = version.unwrap_or(identity.version);
            identity.tags = tags;
            Arc::new(identity)
        })
    }
}

/// The id of an instance that was given none: that of its group, which all instances of an elected service share, or one that no
/// other has.
fn own(spec: &ServiceSpec, pid: Pid) -> String {
    if spec.elected { spec.name.to_owned() } else { unique(pid) }
}

/// An id that no other instance has.
fn unique(pid: Pid) -> String {
    let run = (pid.node.id.0 ^ pid.node.incarnation.0).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    format!("{:x}-{:x}", run >> 32, pid.number)
}
