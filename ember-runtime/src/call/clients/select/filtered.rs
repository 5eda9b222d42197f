//! Those of a selection for whom a condition of the caller's own holds.

use std::{fmt, sync::Arc};

use super::builder::Select;
use crate::{
    call::{
        clients::{
            client::{Client, Plain},
            handle::Handle,
            kind::Many,
        },
        requests::Only,
    },
    directory::Instance,
    error::Result,
    id::{NodeId, Pid},
};

/// What [`Select::filter`] makes: the instances of a selection for which a condition holds.
///
/// A condition is code, and no data: it does not travel, and no call can be chosen by it again and again. So it ends in those that there are now, or
/// in a client for every one of them. For a choice by a condition there is [`Balance`](crate::directory::Balance).
#[derive(Clone)]
#[must_use = "end with `.instances()` or `.all()`"]
pub struct Filtered<C: Client> {
    select: Select<C>,
    only: Only,
}

impl<C: Client> Select<C> {
    /// Those of them for which `only` holds: by their tags' values, their states, their loads, or whatever an [`Instance`] says. It ends with
    /// [`instances`](Filtered::instances) or [`all`](Filtered::all).
    ///
    /// The condition is asked on this node, by whoever looks or calls, and with nothing locked; a panic of it is theirs.
    pub fn filter(self, only: impl Fn(&Instance) -> bool + Send + Sync + 'static) -> Filtered<C> {
        Filtered { select: self, only: Arc::new(only) }
    }
}

/// What the clients of a condition would need. Nothing has it: here the compiler says what to write instead.
#[diagnostic::on_unimplemented(
    message = "a condition chooses nobody",
    label = "end with `.instances()` or `.all()`",
    note = "a condition is code, and a client that chooses is data, which travels: for a choice by a rule of your own write a balancer, \
            `NodeBuilder::balancer(\"mine\", …)`, and choose by its name: `select::<…>().balance(\"mine\").client()`"
)]
pub trait ChoosesOne<C: Client>: Sized {
    /// A client for one of them.
    fn one(self) -> Plain<C>;
}

/// The filters of [`Select`], which may stand on either side of a condition.
impl<C: Client> Filtered<C> {
    fn narrowed(self, by: impl FnOnce(Select<C>) -> Select<C>) -> Self {
        Self { select: by(self.select), only: self.only }
    }

    /// As [`Select::name`].
    pub fn name(self, name: impl Into<String>) -> Self {
        self.narrowed(|it| it.name(name))
    }

    /// As [`Select::id`].
    pub fn id(self, id: impl ToString) -> Self {
        self.narrowed(|it| it.id(id))
    }

    /// As [`Select::server`].
    pub fn server(self, server: u32) -> Self {
        self.narrowed(|it| it.server(server))
    }

    /// As [`Select::node`].
    pub fn node(self, node: NodeId) -> Self {
        self.narrowed(|it| it.node(node))
    }

    /// As [`Select::kind`].
    pub fn kind(self, kind: impl Into<String>) -> Self {
        self.narrowed(|it| it.kind(kind))
    }

    /// As [`Select::tag`].
    pub fn tag(self, name: impl Into<String>, value: impl ToString) -> Self {
        self.narrowed(|it| it.tag(name, value))
    }

    /// As [`Select::version`].
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn version(self, requirement: &str) -> Result<Self> {
        let Self { select, only } = self;
        select.version(requirement).map(|select| Self { select, only })
    }

    /// As [`Select::include_slaves`].
    pub fn include_slaves(self) -> Self {
        self.narrowed(Select::include_slaves)
    }

    /// As [`Select::slaves_only`].
    pub fn slaves_only(self) -> Self {
        self.narrowed(Select::slaves_only)
    }

    /// As [`Select::pid`].
    pub fn pid(self, pid: Pid) -> Self {
        self.narrowed(|it| it.pid(pid))
    }
}

impl<C: Client> Filtered<C> {
    /// There is none: the compiler says what to write instead.
    #[doc(hidden)]
    pub fn client(self) -> Plain<C>
    where
        Self: ChoosesOne<C>,
    {
        self.one()
    }

    /// Those of them for which this holds too.
    pub fn filter(self, also: impl Fn(&Instance) -> bool + Send + Sync + 'static) -> Self {
        let Self { select, only } = self;
        select.filter(move |instance| only(instance) && also(instance))
    }

    /// Those that match now.
    pub fn instances(&self) -> Vec<Arc<Instance>> {
        let mut matching = self.select.instances();
        matching.retain(|instance| (self.only)(instance));
        matching
    }

    /// A client for every one of them. Who that is, is found out with each call anew. The client's
    /// [address](crate::call::Address) has the other filters, and not this condition.
    pub fn all(self) -> C::As<Many> {
        let Self { select: Select { router, selector, .. }, only } = self;
        C::As::<Many>::from_handle(Handle::only(router, selector, only))
    }
}

impl<C: Client> fmt::Debug for Filtered<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Filtered({}, a condition)", self.select.selector)
    }
}
