//! Who answers, as clients of etcd see it.

use crate::{id::fnv1a, net::Endpoint};

/// Of the leader's election: there was one, as in an etcd that was started once.
pub(super) const TERM: u64 = 2;
/// Who answers. The ids follow from the address, as in etcd: whoever takes over there has them, too.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) cluster_id: u64,
    pub(super) id: u64,
    /// Where clients find it, if that is known.
    pub(super) address: Option<String>,
}

impl Member {
    pub(super) fn at(endpoint: Option<&Endpoint>) -> Self {
        let address = endpoint.map(|endpoint| match endpoint {
            Endpoint::Tcp(address) => format!("http://{address}"),
            Endpoint::Unix(path) => format!("unix://{}", path.display()),
        });
        let known = address.as_deref().unwrap_or_default();
        // No id may be 0: clients take that for "not set".
        let [cluster_id, id] = ["cluster", "member"].map(|of| fnv1a(&format!("{of} {known}")).max(1));
        Self { cluster_id, id, address }
    }
}
