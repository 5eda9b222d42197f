//! Building a client with filters.

use std::{borrow::Cow, sync::Arc, time::Duration};

use tokio::time::timeout;

use crate::call::clients::{
    client::{Client, HasLocalClient, Plain},
    handle::Handle,
    kind::{Kind, Many, One},
};
use crate::{
    actor::ServiceState,
    call::routes::Router,
    clock::LONGEST,
    directory::{Among, Choice, Instance, Interest, Key, Selector},
    error::{Error, Result},
    id::{NodeId, Pid},
    sync::shielded,
};

/// Selects whom a client calls: `cx.select::<PlayerClient>().name("player").server(3).client()`.
#[derive(Clone)]
#[must_use = "end with `.client()` or `.all()`"]
pub struct Select<C: Client> {
    pub(super) router: Arc<Router>,
    pub(super) selector: Selector,
    client: std::marker::PhantomData<fn() -> C>,
}

impl<C: Client> Select<C> {
    pub(crate) fn new(router: Arc<Router>) -> Self {
        Self { router, selector: Selector::new(C::interest()), client: std::marker::PhantomData }
    }

    fn with(mut self, change: impl FnOnce(&mut Selector)) -> Self {
        change(&mut self.selector);
        self
    }

    /// Services of this name.
    pub fn name(self, name: impl Into<String>) -> Self {
        self.with(|it| it.name = Some(name.into()))
    }

    /// The instance with this id: a text, or what is written as one, such as a number.
    pub fn id(self, id: impl ToString) -> Self {
        self.with(|it| it.id = Some(id.to_string()))
    }

    /// Instances on nodes with this server id.
    pub fn server(self, server: u32) -> Self {
        self.with(|it| it.server = Some(server))
    }

    /// Instances on this node.
    pub fn node(self, node: NodeId) -> Self {
        self.with(|it| it.node = Some(node))
    }

    /// Services of this kind.
    pub fn kind(self, kind: impl Into<String>) -> Self {
        self.with(|it| it.kind = Some(kind.into()))
    }

    /// Instances whose tag `name` has this value: a text, or what is written as one, such as a number.
    pub fn tag(self, name: impl Into<String>, value: impl ToString) -> Self {
        self.with(|it| drop(it.tags.insert(name.into(), value.to_string())))
    }

    /// Instances whose version fulfils `requirement`, written as in a `Cargo.toml`: `^1.2`, `>=2, <3`.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn version(self, requirement: &str) -> Result<Self> {
        let parsed = requirement.parse().map_err(|error| {
            Error::Configuration(format!(
                "`{requirement}` is not a version requirement: {error}; write one as in a `Cargo.toml`: `^1.2`"
            ))
        })?;
        Ok(self.with(|it| it.version = Some(parsed)))
    }

    /// The slaves of an elected service too, in turn with its master. They answer methods that are marked `#[rpc(read)]`; for others
    /// they say that they are not the master, and the master is asked.
    pub fn include_slaves(self) -> Self {
        self.with(|it| it.among = Among::All)
    }

    /// The slaves of an elected service only: a method that is not marked `#[rpc(read)]` is refused with
    /// [`NotMaster`](crate::error::RefusedReason::NotMaster).
    pub fn slaves_only(self) -> Self {
        self.with(|it| it.among = Among::Slaves)
    }

    /// Exactly this instance.
    pub fn pid(self, pid: Pid) -> Self {
        self.with(|it| it.pid = Some(pid))
    }

    /// The same key, the same instance.
    pub fn by_key(self, key: impl Into<Key>) -> Self {
        self.choice(Choice::ByKey(key.into().0))
    }

    /// How to choose among those that match; [`Choice::RoundRobin`] by default.
    pub fn choice(self, choice: Choice) -> Self {
        self.with(|it| it.choice = choice)
    }

    /// What the balancer of this name says, which the node that calls must know:
    /// [`NodeBuilder::balancer`](crate::node::NodeBuilder::balancer). It is asked anew for each call. With [`pid`](Self::pid), and by
    /// [`all`](Self::all), nobody is asked: there is nothing to choose.
    pub fn balance(self, name: impl Into<Cow<'static, str>>) -> Self {
        self.choice(Choice::Named(name.into()))
    }

    /// Those that match now.
    pub fn instances(&self) -> Vec<Arc<Instance>> {
        self.router.directory().group(&self.selector.interest).matching(&self.selector)
    }

    /// A client for one of them, chosen anew for each call.
    pub fn client(self) -> Plain<C> {
        self.build::<One>()
    }

    /// The same, as soon as this node knows of one that takes calls: of an elected service the master, unless [others](Self::include_slaves) are asked
    /// for. `None` if that takes longer than `limit`.
    ///
    /// A program that starts together with those that it calls waits so before its first call, which would have to wait within its own time: a replicated group
    /// begins one lease (5 s) after its first instance, and that is as long as a call waits by default.
    ///
    /// # Cancel safety
    /// Nothing is lost if the future is dropped.
    pub async fn ready(self, limit: Duration) -> Option<Plain<C>> {
        let directory = Arc::clone(self.router.directory());
        let mut changes = directory.changes();
        let is_there = async {
            loop {
                changes.mark_unchanged();
                let takes = |it: &Arc<Instance>| it.state() == ServiceState::Running && it.is_reachable();
                if self.instances().iter().any(takes) {
                    return;
                }
                let _open = changes.changed().await;
            }
        };
        timeout(limit.min(LONGEST), shielded(is_there)).await.ok()?;
        Some(self.client())
    }

    /// A client for every one of them.
    pub fn all(self) -> C::As<Many> {
        self.build::<Many>()
    }

    pub(crate) fn build<K: Kind>(self) -> C::As<K> {
        C::As::<K>::from_handle(Handle::new(self.router, self.selector))
    }
}

impl<C: Client> std::fmt::Debug for Select<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Select({})", self.selector)
    }
}

impl Router {
    /// A client for the service `S` on this node.
    pub(crate) fn local<S: HasLocalClient>(self: Arc<Self>) -> S::LocalClient {
        let mut selector = Selector::new(Interest::Service(S::SPEC.name.into()));
        selector.node = Some(self.key.id);
        // Exactly this node's is meant, whatever it is.
        selector.among = Among::All;
        Handle::new(self, selector).into()
    }

    /// A client with filters.
    pub(crate) fn select<C: Client>(self: &Arc<Self>) -> Select<C> {
        Select::new(Arc::clone(self))
    }
}
