//! What a service can do: its methods, hooks, timers and event handlers, and those of its modules.

use std::{
    any::{Any, TypeId},
    fmt,
    time::Duration,
};

use futures_util::future::BoxFuture;

use super::{
    AttachFn, Body, HandledBy, Here, HookOf, OnEvent, Path, Port, Service,
    call_job::{StartRaw, full_name, start_raw},
    execute::{run_event, run_hook},
    keyed::{Begin, Field, Keyed},
};
use crate::{
    actor::{about::Down, turn::Pace},
    error::{Error, Result},
    id::{MethodId, fnv1a},
    message::{Method, MethodInfo},
};

/// What the runtime asks when fingerprints differ: the signature of a method, for the message.
pub(crate) const SIGNATURE_OF: MethodId = MethodId::of("ember: signature");

/// A hook, bound to its unit.
pub(crate) type HookFn<S> = for<'a> fn(&'a mut Body<S>) -> BoxFuture<'a, Result<()>>;

/// An event handler, bound to its unit.
pub(crate) type EventFn<S> = for<'a> fn(&'a mut Body<S>, &'a (dyn Any + Send + Sync)) -> BoxFuture<'a, Result<()>>;

/// Everything that a service can do. Built once per type and node.
pub struct Table<S: Service> {
    /// Sorted by id.
    pub(crate) methods: Vec<Entry<S>>,
    pub(crate) contracts: Vec<&'static str>,
    /// Parents before their children.
    pub(crate) hooks: Vec<(HookKind, HookFn<S>)>,
    pub(crate) timers: Vec<Timer<S>>,
    pub(crate) events: Vec<Subscription<S>>,
    /// What runs when a watched service has ended.
    pub(crate) downs: Vec<(&'static str, EventFn<S>)>,
    /// The fields that hold modules under keys; outer ones before those within.
    pub(crate) keyed: Vec<Keyed<S>>,
    /// Runs `started`, and makes timers and subscriptions.
    pub(super) attach: AttachFn<S>,
    /// Makes the timers and subscriptions of one unit.
    pub(super) begin: Begin<S>,
    /// Whose hooks are being entered: those of a module under a key run for each such module, not for the service.
    within: Option<usize>,
}

/// What a unit does by itself, as it is entered.
struct Part<'a, S: Service> {
    hooks: &'a mut Vec<(HookKind, HookFn<S>)>,
    timers: &'a mut Vec<Timer<S>>,
    events: &'a mut Vec<Subscription<S>>,
    downs: &'a mut Vec<(&'static str, EventFn<S>)>,
}

/// One method.
pub(crate) struct Entry<S: Service> {
    pub(crate) id: MethodId,
    /// With the modules it belongs to: `bag.rpc_drop`.
    pub(crate) name: String,
    pub(crate) info: &'static MethodInfo,
    pub(crate) fingerprint: u64,
    /// The structure of its types, for people.
    pub(crate) signature: fn() -> &'static str,
    /// A `Port<M>`.
    pub(crate) port: &'static (dyn Any + Send + Sync),
    /// Begins a call from another node.
    pub(super) raw: StartRaw<S>,
    /// How long its handlers keep a thread.
    pub(crate) pace: Pace,
}

/// One declared timer.
pub(crate) struct Timer<S: Service> {
    pub(crate) name: &'static str,
    pub(crate) schedule: Schedule,
    pub(crate) run: HookFn<S>,
}

/// One event handler.
pub(crate) struct Subscription<S: Service> {
    pub(crate) event: TypeId,
    pub(crate) name: &'static str,
    pub(crate) run: EventFn<S>,
}

impl<S: Service> Clone for Timer<S> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<S: Service> Copy for Timer<S> {}

impl<S: Service> Clone for Subscription<S> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<S: Service> Copy for Subscription<S> {}

/// When a hook runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HookKind {
    /// Before anything else; must not call other services.
    Init,
    /// Before the service is registered.
    Start,
    /// After the service has been registered.
    Started,
    /// At the end; children before their parents.
    Stop,
}

/// When a timer fires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schedule {
    /// Again and again; a tick that is due while the last one still waits or runs is skipped.
    Every(Duration),
    /// Once, this long after the start.
    After(Duration),
    /// Whenever a clock on the wall shows what the pattern says. Of times that were missed, because the process was held up
    /// or the clock was set forward, one tick makes up for all; none comes twice when the clock is set back.
    #[cfg(feature = "cron")]
    Cron(crate::actor::about::Cron),
}

impl<S: Service> Table<S> {
    /// The table of `S`. `attach` and `begin` are what the node does for each service of the type.
    ///
    /// # Errors
    /// Two methods with one name, or whose wire ids collide.
    pub(crate) fn build(attach: AttachFn<S>, begin: Begin<S>) -> Result<Self> {
        let mut table = Self {
            methods: Vec::new(),
            contracts: Vec::new(),
            hooks: Vec::new(),
            timers: Vec::new(),
            events: Vec::new(),
            downs: Vec::new(),
            keyed: Vec::new(),
            attach,
            begin,
            within: None,
        };
        S::describe::<S, Here>(&mut table);
        table.methods.sort_by_key(|entry| entry.id);
        for pair in table.methods.windows(2) {
            if pair[0].id == pair[1].id {
                let (service, a, b) = (S::SPEC.name, &pair[0].name, &pair[1].name);
                let problem = if a == b { "the same name" } else { "colliding wire ids" };
                return Err(Error::Configuration(format!(
                    "the service `{service}` ({}) has two methods with {problem}: `{a}` and `{b}`; give one of them another \
                     name, or `#[rpc(name = \"…\")]`",
                    S::SPEC.location
                )));
            }
        }
        match table.find(SIGNATURE_OF) {
            Some(entry) => Err(Error::Configuration(format!(
                "the wire id of `{}` in the service `{}` ({}) is the runtime's own: give the method another name, or \
                 `#[rpc(name = \"…\")]`",
                entry.name,
                S::SPEC.name,
                S::SPEC.location
            ))),
            None => Ok(table),
        }
    }

    /// All timers, those of modules under keys included.
    pub(crate) fn all_timers(&self) -> impl Iterator<Item = &Timer<S>> {
        self.timers.iter().chain(self.keyed.iter().flat_map(|part| &part.timers))
    }

    pub(crate) fn find(&self, id: MethodId) -> Option<&Entry<S>> {
        self.methods.get(self.index(id)?)
    }

    pub(crate) fn index(&self, id: MethodId) -> Option<usize> {
        self.methods.binary_search_by_key(&id, |entry| entry.id).ok()
    }

    /// Whether it can have modules under keys.
    pub(crate) fn has_keyed(&self) -> bool {
        !self.keyed.is_empty()
    }

    /// Whether a service is ready as soon as its state is made: nothing has to run before, and nothing begins by itself.
    pub(crate) fn is_plain(&self) -> bool {
        self.hooks.is_empty() && self.timers.is_empty() && self.events.is_empty() && self.keyed.is_empty()
    }

    /// Enters a field with modules under keys, and by `describe` what they can do.
    pub(crate) fn keyed(&mut self, field: Field<S>, describe: impl FnOnce(&mut Self)) {
        let outer = self.within.replace(self.keyed.len());
        self.keyed.push(Keyed {
            field,
            outer,
            hooks: Vec::new(),
            timers: Vec::new(),
            events: Vec::new(),
            downs: Vec::new(),
        });
        describe(self);
        self.within = outer;
    }

    /// The lists of the service, or of the module under a key that is being described.
    fn part(&mut self) -> Part<'_, S> {
        match self.within {
            Some(index) => {
                let Keyed { hooks, timers, events, downs, .. } = &mut self.keyed[index];
                Part { hooks, timers, events, downs }
            }
            None => {
                let Self { hooks, timers, events, downs, .. } = self;
                Part { hooks, timers, events, downs }
            }
        }
    }

    /// Enters the method `M` of the unit at `L`.
    pub fn method<L: Path<S>, M: HandledBy<L::Unit>>(&mut self) {
        let (name, info) = (full_name::<S, L, M>(), const { &M::INFO });
        self.methods.push(Entry {
            id: MethodId::of(&name),
            name,
            info,
            fingerprint: M::wire().map_or_else(|| fnv1a(info.signature), |wire| wire.signature().fingerprint()),
            signature: signature::<M>,
            port: const { &Port::<M>::to::<S, L>() },
            raw: start_raw::<S, L, M>,
            pace: Pace::new(),
        });
    }

    /// Says that the service fulfils a contract.
    pub fn contract(&mut self, name: &'static str) {
        self.contracts.push(name);
    }

    /// Enters a lifecycle hook of the unit at `L`.
    pub fn hook<L: Path<S>, H: HookOf<L::Unit>>(&mut self, kind: HookKind) {
        self.part().hooks.push((kind, run_hook::<S, L, H>));
    }

    /// Enters a timer of the unit at `L`.
    pub fn timer<L: Path<S>, H: HookOf<L::Unit>>(&mut self, schedule: Schedule) {
        self.part().timers.push(Timer { name: H::NAME, schedule, run: run_hook::<S, L, H> });
    }

    /// Enters what the unit at `L` does when a watched service has ended.
    pub fn down<L: Path<S>, H: OnEvent<L::Unit, Event = Down>>(&mut self) {
        self.part().downs.push((H::NAME, run_event::<S, L, H>));
    }

    /// Enters an event handler of the unit at `L`.
    pub fn event<L: Path<S>, H: OnEvent<L::Unit>>(&mut self) {
        self.part().events.push(Subscription {
            event: TypeId::of::<H::Event>(),
            name: H::NAME,
            run: run_event::<S, L, H>,
        });
    }
}

/// What the fingerprint of the method `M` is made from; for methods that stay on their node, what was written.
fn signature<M: Method>() -> &'static str {
    M::wire().map_or(M::INFO.signature, |wire| wire.signature().text())
}

impl<S: Service> fmt::Debug for Table<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let methods: Vec<_> = self.methods.iter().map(|entry| &entry.name).collect();
        f.debug_struct("Table").field("service", &S::SPEC.name).field("methods", &methods).finish_non_exhaustive()
    }
}
