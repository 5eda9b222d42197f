//! The services of a node that are in its view and in the registry: no two with one name and id, and one type for each name.

use std::{
    any::TypeId,
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use tokio::sync::oneshot;

use crate::{
    actor::{AnyCell, ServiceIdentity, ServiceState},
    error::{Error, Result},
};

/// Name and id.
type Named = (String, String);

/// So many that have failed are shown: of more, those that failed last.
const FAILED: usize = 1_024;

#[derive(Default)]
pub(crate) struct Started {
    /// By number: those that are in the view and in the registry, or will be.
    pub(crate) registered: BTreeMap<u64, Registered>,
    /// Those that have not ended, by name and id, of which there is one each.
    taken: HashMap<Named, u64>,
    /// Those that have failed, and are in the view and in the registry until another of their name and id is there: their number,
    /// and the how manyth failure it was.
    failed: HashMap<Named, (u64, u64)>,
    /// The same in the order of their failures.
    failures: BTreeMap<u64, Named>,
    /// How many there have been.
    failures_ever: u64,
    /// Which type has the name, and where that is written. As many as the program has types at most.
    types: HashMap<String, (TypeId, String)>,
}

/// A registered service of this node: it starts, runs or has failed.
pub(crate) struct Registered {
    pub(crate) cell: Arc<dyn AnyCell>,
    /// It is in the view and in the registry.
    pub(crate) published: bool,
}

impl Started {
    /// Takes name and id of a service that is about to start.
    ///
    /// # Errors
    /// Another has them, or the name is that of another type.
    pub(crate) fn claim(&mut self, cell: &Arc<dyn AnyCell>, location: &str) -> Result<()> {
        let ServiceIdentity { name, id, .. } = &**cell.identity();
        let own = cell.as_any().type_id();
        if let Some((_, place)) = self.types.get(name).filter(|(known, _)| *known != own) {
            return Err(Error::Configuration(format!(
                "two services of this node are called `{name}`, at {place} and at {location}: calls of one would reach the other; \
                 rename one with `#[service(name = \"…\")]`"
            )));
        }
        let key = named(&**cell);
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

    /// A service has been started: it goes into the view and into the registry, and the one that it takes the place of, which
    /// has failed, goes out of them.
    pub(crate) fn publish(&mut self, number: u64) -> Option<(Arc<dyn AnyCell>, Option<Registered>)> {
        let started = self.registered.get_mut(&number)?;
        started.published = true;
        let cell = Arc::clone(&started.cell);
        let failed = self.forget_failure(&named(&*cell));
        Some((cell, failed.and_then(|failed| self.registered.remove(&failed))))
    }

    /// A service has ended. One that has failed stays in the registry as such, until another has taken its place, many others
    /// have failed since, or its node ends. What is returned is not there any more.
    pub(crate) fn release(&mut self, number: u64, state: ServiceState) -> Option<Registered> {
        let ended = self.registered.get(&number)?;
        let key = named(&*ended.cell);
        let mut stays = ended.published && state == ServiceState::Failed;
        match self.taken.get(&key) {
            Some(taken) if *taken == number => drop(self.taken.remove(&key)),
            // Another was claimed when this one had failed, and may be there already.
            Some(next) => stays &= self.registered.get(next).is_none_or(|next| !next.published),
            None => {}
        }
        if !stays {
            return self.registered.remove(&number);
        }
        let left = self.forget_failure(&key).or_else(|| {
            let oldest = self.failures.first_key_value().filter(|_| self.failures.len() == FAILED)?.1.clone();
            self.forget_failure(&oldest)
        });
        self.failures_ever += 1;
        self.failures.insert(self.failures_ever, key.clone());
        self.failed.insert(key, (number, self.failures_ever));
        left.and_then(|left| self.registered.remove(&left))
    }

    /// The number of the one of this name and id that has failed.
    fn forget_failure(&mut self, key: &Named) -> Option<u64> {
        let (number, failure) = self.failed.remove(key)?;
        self.failures.remove(&failure);
        Some(number)
    }
}

fn named(cell: &dyn AnyCell) -> Named {
    let ServiceIdentity { name, id, .. } = &**cell.identity();
    (name.clone(), id.clone())
}

/// Tells whoever spawned a service how its start went; the log, if nobody waits for that any more.
pub(super) fn tell(ready: oneshot::Sender<Result<()>>, result: Result<()>, cell: &dyn AnyCell) {
    let (service, pid) = (cell.name(), cell.pid());
    match ready.send(result) {
        Ok(()) => {}
        Err(Ok(())) => tracing::warn!(
            target: "ember::service", service, %pid,
            "it has been started, but whoever spawned it waits no more, and does not know its pid"
        ),
        Err(Err(error)) => {
            tracing::error!(target: "ember::service", service, %pid, %error, "it was spawned, and did not start");
        }
    }
}
