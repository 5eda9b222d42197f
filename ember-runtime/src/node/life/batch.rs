//! Many services of a class: started in one go, and listed.

use std::{future::Future, sync::Arc};

use super::running::Node;
use crate::{
    actor::{Cx, Service, Unit},
    directory::Instance,
    error::{Result, SpawnAllError},
    id::Pid,
    node::{hosting::Services, settings::Several},
};

impl Node {
    /// Starts many services of one type on this node, each as [`spawn`](Node::spawn) does, and waits for their `init` and `start`: values,
    /// or [`Hosted`](crate::node::Hosted) ones, each with an id and tags of its own. The pids come in the order in which the services
    /// were given.
    ///
    /// They are taken from the iterator and started 100 at a time, those of such a batch side by side, and the next batch when all of
    /// it have been. The [`register`](crate::node::Hosted::register)ed ones of a batch go into the registry together, in transactions of
    /// up to 100 entries; those with an `init` or a `start` as many at a time as have come through it meanwhile.
    ///
    /// They are taken not to need each other: at a shutdown they stop side by side ([`Node::shutdown`]).
    ///
    /// # Errors
    /// If some do not start: which ones, why, and the pids of the others, which run. Nothing is undone; to have all or
    /// none, [`stop`](Node::stop) those.
    ///
    /// # Cancel safety
    /// If the future is dropped, what has been started of it stays, and what of the present batch is starting is started all the
    /// same; what comes after that is not. [`list`](Node::list) says who is there.
    pub async fn spawn_all<I: Several>(&self, services: I) -> Result<Vec<Pid>, SpawnAllError> {
        self.inner.services.spawn_all(services.all()).await
    }

    /// The services of the type `S` that run on this node or are about to start or to end, registered or not, in the order in which they
    /// were made. Each says its pid, its id and tags, and its state. Asks nobody; looks at all services of this node.
    ///
    /// Those of the whole cluster that are registered the view has:
    /// [`node.select::<RoomClient>().instances()`](crate::call::Select::instances).
    pub fn list<S: Service>(&self) -> Vec<Arc<Instance>> {
        self.inner.services.router.of_class::<S>()
    }
}

impl<U: Unit> Cx<'_, U> {
    /// Starts many services of one type on this node: as [`Node::spawn_all`].
    ///
    /// # Errors
    /// As [`Node::spawn_all`].
    ///
    /// # Cancel safety
    /// As [`Node::spawn_all`].
    pub fn spawn_all<I>(&self, services: I) -> impl Future<Output = Result<Vec<Pid>, SpawnAllError>> + Send + use<U, I>
    where
        I: Several<All: Send>,
    {
        let (here, services) = (self.core.host.get::<Services>(), services.all());
        async move { here.spawn_all(services).await }
    }

    /// The services of the type `S` on this node: as [`Node::list`].
    pub fn list<S: Service>(&self) -> Vec<Arc<Instance>> {
        self.core.host.get::<Services>().router.of_class::<S>()
    }
}
