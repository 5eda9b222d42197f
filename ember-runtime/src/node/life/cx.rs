//! Starting, stopping and watching services from within a handler, and the end of the node.

use std::{future::Future, sync::Arc};

use crate::{
    actor::{Cx, Unit, Watcher},
    error::Result,
    id::{Pid, UniqueId},
    node::{hosting::Services, settings::IntoHosted, slot::UniqueIds},
};

impl<U: Unit> Cx<'_, U> {
    /// Starts a service on this node, and waits for its `init` and `start`: a value of a `#[service]` type, or a
    /// [`Hosted`](crate::node::settings::Hosted) one.
    ///
    /// It is reached by its [`Pid`], from any node: `cx.select::<RoomClient>().pid(pid).client()`. It is neither in the
    /// registry nor in the [`View`](crate::directory::View), unless it is [`Hosted::register`](crate::node::settings::Hosted::register)ed:
    /// a hundred thousand of them cost the cluster nothing. It lives until it is stopped or fails, or until the node ends;
    /// not shorter because the service that started it has ended.
    ///
    /// # Errors
    /// If it does not start, or if the node is being shut down.
    ///
    /// # Cancel safety
    /// As [`Node::spawn`](super::running::Node::spawn): once the future has been polled, the service is started all the same.
    pub fn spawn<H>(&self, service: H) -> impl Future<Output = Result<Pid>> + Send + use<U, H>
    where
        H: IntoHosted<Service: 'static>,
    {
        let services = self.services();
        let hosted = service.into_hosted();
        async move { services.spawn(hosted).await }
    }

    /// Stops a service of this node: it takes no new work, finishes what waits in its mailbox, and ends. `false` if no such
    /// service runs here. For this very service see [`stop`](Cx::stop).
    pub fn stop_service(&self, service: Pid) -> bool {
        self.services().retire(service)
    }

    /// Asks for the shutdown of this node, as [`Node::shutdown`](super::running::Node::shutdown) does it, and returns at once. The handler goes on to its end and answers; then
    /// its service stops like the others. Where the program waits in [`Node::run`](super::running::Node::run), that returns when all is done.
    ///
    /// Asked again, nothing more happens. Asked in the `init` or `start` of a service that the node was built with, the node ends once
    /// it has started.
    pub fn shutdown_node(&self) {
        self.services().asked_to_end.ask();
    }

    /// An id that no other node of the cluster makes, larger than all that this node has made before: as
    /// [`Node::unique_id`](super::running::Node::unique_id).
    ///
    /// # Errors
    /// As [`UniqueIds::next`].
    ///
    /// # Cancel safety
    /// Safe: an id that nobody took is left out.
    pub fn unique_id(&self) -> impl Future<Output = Result<UniqueId>> + Send + use<U> {
        let ids = self.unique_ids();
        async move { ids.next().await }
    }

    /// What makes such ids, to keep in a field: as [`Node::unique_ids`](super::running::Node::unique_ids).
    pub fn unique_ids(&self) -> UniqueIds {
        UniqueIds::new(&self.services().ids)
    }

    /// Asks to be told when a service has ended, wherever it is: one [`Down`](crate::actor::Down) comes to the `#[on(down)]` of this
    /// service, for whatever reason the other ends; at once, if it has ended already. It comes through the mailbox, also if that
    /// is full.
    ///
    /// All `#[on(down)]` of the service and of the modules that are its fields get it. A module under a key watches for itself: it
    /// gets what it has watched, with the modules that are its fields, and neither the service nor other modules do. Where
    /// nobody could be told, a warning is logged.
    ///
    /// A watch ends with the watcher, also when the watcher is started again. A service that its supervisor starts again
    /// has not ended. A service on another node is also down when that node leaves the cluster without a shutdown, starts
    /// anew, or cannot be reached for 10 s. A killed node leaves when its lease ends: up to
    /// 5 s later, by default, although calls to it fail at once.
    pub fn watch(&self, service: Pid) {
        let watcher = Watcher::at(&self.ambient.envelope.keys);
        self.services().watches.watch(Arc::clone(&self.core.cell), watcher, service);
    }

    /// Ends a watch. A `down` that waits in the mailbox already still comes.
    pub fn unwatch(&self, service: Pid) {
        let watcher = Watcher::at(&self.ambient.envelope.keys);
        self.services().watches.unwatch(self.pid().number, &watcher, service);
    }

    fn services(&self) -> Arc<Services> {
        self.core.host.get()
    }
}
