//! The services of a node that are in its view and in the registry: no two with one name and id, and one type for each name.

use std::{
    any::TypeId,
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use crate::{
    actor::{AnyCell, ServiceIdentity, ServiceState},
    error::{Error, Result},
};

#[derive(Default)]
pub(super) struct Started {
    /// By number: those that are in the view and in the registry, or will be.
    pub(super) registered: BTreeMap<u64, Running>,
    /// The same by name and id, of which there is one each. Those that have failed make room for others.
    taken: HashMap<(String, String), u64>,
    /// Which type has the name, and where that is written. As many as the program has types at most.
    types: HashMap<String, (TypeId, String)>,
}

/// A started service.
pub(super) struct Running {
    pub(super) cell: Arc<dyn AnyCell>,
    /// It is in the view and in the registry.
    pub(super) published: bool,
}

impl Started {
    /// Takes name and id of a service that is about to start.
    ///
    /// # Errors
    /// Another has them, or the name is that of another type.
    pub(super) fn claim(&mut self, cell: &Arc<dyn AnyCell>, location: &str) -> Result<()> {
        let ServiceIdentity { name, id, .. } = &**cell.identity();
        let own = cell.as_any().type_id();
        if let Some((_, place)) = self.types.get(name).filter(|(known, _)| *known != own) {
            return Err(Error::Configuration(format!(
                "two services of this node are called `{name}`, at {place} and at {location}: calls of one would reach the other; \
                 rename one with `#[service(name = \"…\")]`"
            )));
        }
        let key = (name.clone(), id.clone());
        let twin = self.taken.get(&key).and_then(|number| self.registered.get(number));
        if twin.is_some_and(|twin| twin.cell.state() != ServiceState::Failed) {
            return Err(Error::Configuration(format!(
                "this node already runs a service `{name}` with the id `{id}` ({location}): give each instance its own id"
            )));
        }
        self.types.entry(name.clone()).or_insert_with(|| (own, location.to_owned()));
        self.taken.insert(key, cell.pid().number);
        Ok(())
    }

    /// A service has ended. One that has failed stays in the registry as such, until its node ends.
    pub(super) fn release(&mut self, number: u64, state: ServiceState) -> Option<Running> {
        let ended = self.registered.get(&number)?;
        let ServiceIdentity { name, id, .. } = &**ended.cell.identity();
        let key = (name.clone(), id.clone());
        let stays = ended.published && state == ServiceState::Failed;
        if self.taken.get(&key) == Some(&number) {
            self.taken.remove(&key);
        }
        if stays { None } else { self.registered.remove(&number) }
    }
}
