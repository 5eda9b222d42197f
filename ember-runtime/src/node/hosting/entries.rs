//! What stands of a node and of its services in the registry.

use std::sync::atomic::Ordering;

use bytes::Bytes;

use super::host::Services;
use crate::{
    actor::{AnyCell, ServiceIdentity, ServiceState},
    directory::{Announced, MethodRecord, Mine, NodeRecord, ServiceRecord},
    message::Reach,
};

impl Announced for Services {
    fn entry(&self, mine: Mine) -> Option<Bytes> {
        let number = match mine {
            Mine::Node => {
                let joining = !self.joined.load(Ordering::Acquire);
                let (retired, retiring) = (self.router.has_retired(), self.router.is_ending());
                let leaving = self.leaving.load(Ordering::Acquire);
                return Some(json(&NodeRecord { joining, retired, retiring, leaving, ..self.record.clone() }));
            }
            Mine::Service(_) if !self.joined.load(Ordering::Acquire) => return None,
            Mine::Service(number) => number,
        };
        let mut record = service_record(&*self.published(number)?);
        let weight = self.router.directory().listed(record.pid).map(|listed| listed.weight());
        record.weight = weight.filter(|weight| *weight != record.identity.weight());
        match record.state {
            // It is about to be taken out.
            ServiceState::Stopped => return None,
            ServiceState::Failed => {}
            _ if self.router.has_retired() => record.state = ServiceState::Retiring,
            _ => {}
        }
        (!record.methods.is_empty()).then(|| json(&record))
    }

    fn all(&self) -> Vec<Mine> {
        std::iter::once(Mine::Node).chain(self.all_published().into_iter().map(Mine::Service)).collect()
    }

    fn name(&self, mine: Mine) -> String {
        let Mine::Service(number) = mine else { return format!("the node `{}`", self.record.name) };
        match self.published(number) {
            Some(cell) => format!("the service `{}/{}`", cell.identity().name, cell.identity().id),
            None => format!("the service number {number}"),
        }
    }
}

fn service_record(cell: &dyn AnyCell) -> ServiceRecord {
    let methods = cell.methods().into_iter().filter(|(_, info, ..)| info.reach == Reach::Cluster);
    ServiceRecord {
        pid: cell.pid(),
        identity: ServiceIdentity::clone(cell.identity()),
        state: cell.state(),
        contracts: cell.contracts().iter().map(|&name| name.to_owned()).collect(),
        methods: methods.map(|(id, _, _, fingerprint)| MethodRecord { id, fingerprint }).collect(),
        elected: cell.is_elected(),
        replicated: cell.is_replicated(),
        member: cell.member(),
        weight: None,
    }
}

fn json<T: serde::Serialize>(record: &T) -> Bytes {
    serde_json::to_vec(record).expect("records consist of strings and numbers").into()
}
