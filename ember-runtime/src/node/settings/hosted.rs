//! A service on its way into a node.

use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use crate::{
    actor::{OnPanic, Particulars, Restart, Service, Sharded, Source, Supervision, WEIGHT},
    journal::Opened,
    mailbox::Limits,
    scale::Scale,
};

/// A service with what sets this instance apart: `Hosted::new(PlayerService::default()).id("42").tag("zone", "eu")`.
///
/// Values that cannot be are refused when the service is started, as [`Error::Configuration`](crate::error::Error::Configuration)
/// that names them: ids, kinds and tags have 1 to 255 bytes, no blanks around them, and no control characters or others that nobody
/// sees (the value of a tag may be empty or blank), and an instance has 64 tags at most. The tag `weight` is a whole number from 0 to 65,535.
#[must_use = "give it to `Node::builder().service(…)`"]
pub struct Hosted<S> {
    pub(crate) source: Source<S>,
    pub(crate) supervision: Supervision,
    pub(crate) register: bool,
    pub(crate) particulars: Particulars,
    pub(crate) limits: Limits,
    /// Of its office.
    pub(crate) lease: Option<Duration>,
    pub(crate) replicas: Option<usize>,
    pub(crate) journal: Option<Kept>,
    pub(crate) scale: Option<Scale>,
}

/// Where an instance writes down what it has.
pub(crate) enum Kept {
    In(PathBuf),
    Opened(Box<Opened>),
}

// For all types, so that the compiler says that a type is no service where a node is given it, and once.
impl<S> Hosted<S> {
    /// An instance like any other.
    pub fn new(service: S) -> Self {
        Self::from_source(Source::Value(Some(service)), Supervision::new(false))
    }

    /// An instance that can be started again: `factory` makes its state anew for each start.
    pub fn with(factory: impl FnMut() -> S + Send + 'static) -> Self {
        Self::from_source(Source::Factory(Box::new(factory)), Supervision::new(true))
    }

    /// A sharded service whose shards share this, and are told which they are: `S::new(shard, &shared)` makes each of them anew for each
    /// start.
    pub fn sharded(shared: S::Shared) -> Self
    where
        S: Sharded,
    {
        let make = move |shard| S::new(shard, &shared);
        Self::from_source(Source::PerShard(Arc::new(make)), Supervision::new(true))
    }

    fn from_source(source: Source<S>, supervision: Supervision) -> Self {
        let (particulars, limits) = (Particulars::default(), Limits::default());
        Self {
            source,
            supervision,
            register: false,
            particulars,
            limits,
            lease: None,
            replicas: None,
            journal: None,
            scale: None,
        }
    }

    /// When it is started again: [`Restart::OnFailure`] by default if it has a factory, [`Restart::Never`] if not.
    ///
    /// A service that is started again keeps its pid, its identity and its mailbox, with what waits in it; its state is made
    /// anew, `init`, `start` and `started` run again, its timers and subscriptions begin anew, its watches end. Callbacks
    /// (`then`) that its former life has asked for run on the new state. Until then it is
    /// [`Starting`](crate::actor::ServiceState::Starting).
    pub fn restart(mut self, restart: Restart) -> Self {
        self.supervision.restart = restart;
        self
    }

    /// What becomes of it when a handler panics: [`OnPanic::Restart`] by default if it has a factory, [`OnPanic::Resume`]
    /// if not.
    pub fn on_panic(mut self, on_panic: OnPanic) -> Self {
        self.supervision.on_panic = on_panic;
        self
    }

    /// Bounds its restarts: this many within this time, 5 in 60 s by default. With one more failure it is
    /// [`Failed`](crate::actor::ServiceState::Failed), which the view shows and the log reports as an error. 0 restarts: the first
    /// failure is the last; at most 10,000, or `u32::MAX` for any number.
    pub fn budget(mut self, restarts: u32, within: Duration) -> Self {
        (self.supervision.restarts, self.supervision.within) = (restarts, within);
        self
    }

    /// The pause before a restart: anything up to `first`, which doubles with each restart of the budget, up to `longest` (which bounds `first` too).
    /// 100 ms and 10 s by default; with 0 there is none.
    pub fn back_off(mut self, first: Duration, longest: Duration) -> Self {
        (self.supervision.pause, self.supervision.max_pause) = (first, longest);
        self
    }

    /// Enters it in the registry and the view, so that it is found by name, contract or tag like those that the node was
    /// built with. For services that are spawned; the others are registered in any case.
    pub fn register(mut self) -> Self {
        self.register = true;
        self
    }

    /// Gives it an id: a text, or what is written as one, such as a number. Otherwise it has one that no other instance has.
    ///
    /// Nothing refuses a second instance of the same id. Registered ones of one id are all meant by [`select::<C>().id(…)`](crate::call::Select::id), which
    /// takes them in turn. Spawned ones that are not [registered](Self::register) no selection finds, whatever their ids: they are called by
    /// their pids, and an id only tells them apart in [`Node::list`](crate::node::life::Node::list) and in the log.
    pub fn id(mut self, id: impl ToString) -> Self {
        self.particulars.id = Some(id.to_string());
        self
    }

    /// Gives it a kind, in place of the one in `#[service(kind = …)]`.
    pub fn kind(mut self, kind: impl Into<String>) -> Self {
        self.particulars.kind = Some(kind.into());
        self
    }

    /// Gives it a version, in place of its package's: three numbers, as in `1.2.0`, as Cargo writes them.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.particulars.version = Some(version.into());
        self
    }

    /// Tags it, for selection. The value is a text, or what is written as one, such as a number.
    pub fn tag(mut self, name: impl Into<String>, value: impl ToString) -> Self {
        self.particulars.tags.insert(name.into(), value.to_string());
        self
    }

    /// How large its share of the calls is, beside other instances that match: with 3 it gets three times as many as one with 1, which is the
    /// default. With 0 it gets none but from those who name it. [`Choice`](crate::directory::Choice) says what it is to each choice, and
    /// [`Node::set_weight`](crate::node::life::Node::set_weight) changes it later.
    ///
    /// It is the tag `weight`, which a configuration can give too: `.tag("weight", 3)` is the same, and what is said last counts.
    pub fn weight(self, weight: u16) -> Self {
        self.tag(WEIGHT, weight)
    }

    /// Bounds its mailbox to this many user messages, from 1 to 16,777,216 (2²⁴); 1024 by default.
    pub fn mailbox(mut self, messages: usize) -> Self {
        self.limits.user = messages;
        self
    }

    /// How long it may act as the master of its group after its node was last heard by the registry, and how long the others wait for it when it
    /// has died: as long as [the lease of its node](crate::node::life::NodeBuilder::lease) by default, 5 s.
    ///
    /// A longer one trades fail-over for outages: with 30 s a registry may be away for 25 s, and the master goes on acting; and when its process
    /// dies, nobody acts for 30 s. Handing over, by hand or at a shutdown, is as fast as ever, if the registry answers then. Give all instances of a group the same: where they
    /// differ, that of the master counts, and the log warns.
    ///
    /// For elected services, and not shorter than the lease of the node: anything else is refused when the service is started. A year at most.
    /// Without a registry nobody takes over, and it means nothing.
    pub fn lease(mut self, lease: Duration) -> Self {
        self.lease = Some(lease);
        self
    }

    /// How its workers follow its load, within the bounds of its attribute: `workers = 2..=16`. Without it there are as many
    /// as the lower bound says, always.
    ///
    /// Each look, and what came of it, is an event of the node, [`Scaled`](crate::scale::Scaled); changes are in the log. Refused when the service is
    /// started: a service whose workers have no bounds, or the same twice, and values that cannot be.
    pub fn scale(mut self, scale: Scale) -> Self {
        self.scale = Some(scale);
        self
    }

    /// How many instances of its group have the replicated state at most, the master among them; all by default.
    ///
    /// The others are spare: they are sent nothing, answer nothing (`NotExecuted(Behind)`, so that callers go on to another), and are not elected. One of
    /// them takes the place of a member that has gone, or that the master has taken out because it did not answer. It learns the state then, which takes
    /// its time where that is large.
    ///
    /// The master chooses: instances on other hosts first, by the address that their node advertises, then those that share the fewest
    /// [tags](Self::tag) with the members, such as one for the rack. Who is in sync stays, also if another would be better placed. Give all instances of a
    /// group the same: where they differ, that of the master counts.
    ///
    /// For replicated services, and not below their `min_in_sync`: anything else, and 0, is refused when the service is started.
    pub fn replicas(mut self, members: usize) -> Self {
        self.replicas = Some(members);
        self
    }

    /// Where this instance writes down what its group has, so that it outlives its process: a folder of its own, on a disk of this machine. It is
    /// made if it is not there.
    ///
    /// The instance acknowledges nothing that is not on the disk: each round waits for it once, for all that has gathered. A process that
    /// is started again on the folder goes on as the same member, with all that it had acknowledged; if all have ended, the group
    /// starts again from what its members have. Without a journal the state is in memory, and is gone with the last of them.
    ///
    /// The files take about twice the size of the state, and 4 MiB; while they are written anew, once more the state. The state is written in one go, in the
    /// instance's turn, when as much has followed on it.
    ///
    /// If the disk is full or fails, an error in the log says so, and the instance takes no part any more: it gives up its office and shows nothing, and the
    /// others go on. The same if `apply` panics here. What it has acknowledged is on the disk: see to the cause, and start the process again. **Never
    /// put an older copy of the folder in its place**, and never run one in two places: the group takes the instance for the member that has all of it.
    ///
    /// For replicated services, each instance by itself: anything else, a folder that another process uses, that is damaged where it was acknowledged, or
    /// that was written for another group or other types, is refused when the service is started, with what to do.
    pub fn journal(mut self, folder: impl Into<PathBuf>) -> Self {
        self.journal = Some(Kept::In(folder.into()));
        self
    }
}

impl<S: Service> fmt::Debug for Hosted<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { particulars: Particulars { id, tags, .. }, supervision, register, .. } = self;
        f.debug_struct("Hosted")
            .field("service", &S::SPEC.name)
            .field("id", id)
            .field("supervision", supervision)
            .field("register", register)
            .field("tags", tags)
            .finish_non_exhaustive()
    }
}

/// What [`NodeBuilder::service`](crate::node::life::NodeBuilder::service) takes: a service, or a [`Hosted`] one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a service",
    label = "a service is expected here",
    note = "put `#[service]` on the struct",
    note = "of a function that makes the service write the call, `Counter::default()`, or give the function itself to `.service_with(Counter::default)` or `Hosted::with(Counter::default)`",
    note = "several services are started by `.spawn_all(…)`"
)]
pub trait IntoHosted {
    /// The service.
    type Service: Service;

    /// The common form.
    fn into_hosted(self) -> Hosted<Self::Service>;
}

// The compiler says that `IntoHosted` is missing, since it is here that a function may be meant.
#[diagnostic::do_not_recommend]
impl<S: Service> IntoHosted for S {
    type Service = S;

    fn into_hosted(self) -> Hosted<S> {
        Hosted::new(self)
    }
}

#[diagnostic::do_not_recommend]
impl<S: Service> IntoHosted for Hosted<S> {
    type Service = S;

    fn into_hosted(self) -> Self {
        self
    }
}
