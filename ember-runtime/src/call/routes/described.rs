//! What a node has been told of methods that it does not link.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use crate::{
    id::{MethodId, Pid},
    message::MethodRef,
    sync::lock,
};

/// So many are kept. A service never changes its methods, so what is known of it stays true.
const KEPT: usize = 1024;

/// Methods, by the service that has them.
#[derive(Default)]
pub(crate) struct Described(Mutex<BTreeMap<(Pid, MethodId), Arc<MethodRef>>>);

impl Described {
    pub(crate) fn find(&self, service: Pid, method: MethodId) -> Option<Arc<MethodRef>> {
        lock(&self.0).get(&(service, method)).cloned()
    }

    pub(crate) fn keep(&self, service: Pid, method: MethodRef) -> Arc<MethodRef> {
        let (id, method) = (method.id(), Arc::new(method));
        let mut known = lock(&self.0);
        if known.len() >= KEPT {
            // The oldest of a random node: whoever is asked again says the same.
            known.pop_first();
        }
        known.insert((service, id), Arc::clone(&method));
        method
    }
}
