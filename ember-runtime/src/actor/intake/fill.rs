//! How a service's table is filled.

use std::{
    any::{Any, TypeId, type_name},
    time::Duration,
};

use super::typed::port;
use crate::{
    actor::{
        about::{MissedTicks, Tick},
        service::{
            Entry, Followed, HandledBy, Here, HookFn, HookKind, HookOf, IsDown, IsGap, IsMissed, IsPosted, Keyed,
            KeyedField, MissedHook, OnEvent, Path, Replicated, SIGNATURE_OF, Schedule, Service, StartRaw, Subscription,
            Table, Takes, TaskOf, Timer, TimerRun, ToldFn, full_name,
        },
        turn::Pace,
        work::{run_hook, run_task, run_told, start_event, start_raw},
    },
    error::{Error, Result},
    id::{Epoch, MethodId, fnv1a},
    message::{MethodKind, Signature},
    office::Role,
    threads::Work,
};

/// What a unit does by itself, as it is entered.
struct Part<'a, S: Service> {
    hooks: &'a mut Vec<(HookKind, HookFn<S>)>,
    timers: &'a mut Vec<Timer<S>>,
    events: &'a mut Vec<Subscription<S>>,
    downs: &'a mut Vec<(&'static str, ToldFn<S>)>,
}

impl<S: Service> Table<S> {
    /// The table of `S`.
    ///
    /// # Errors
    /// Two methods with one name, or whose wire ids collide.
    pub(crate) fn build() -> Result<Self> {
        let mut table = Self {
            methods: Vec::new(),
            contracts: Vec::new(),
            hooks: Vec::new(),
            timers: Vec::new(),
            events: Vec::new(),
            downs: Vec::new(),
            roles: Vec::new(),
            missed: Vec::new(),
            followed: Vec::new(),
            problem: None,
            keyed: Vec::new(),
            within: None,
        };
        S::describe::<S, Here>(&mut table);
        table.check_followed();
        if let Some(problem) = table.problem.take() {
            return Err(Error::Configuration(problem));
        }
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

    /// Enters a field with modules under keys, and by `describe` what they can do.
    pub(crate) fn keyed(&mut self, field: KeyedField<S>, describe: impl FnOnce(&mut Self)) {
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
        let name = full_name::<S, L, M>();
        self.enter_method(name, MethodKind::of::<M>(), const { &port::<S, L, M>() }, start_raw::<S, L, M>);
    }

    fn enter_method(
        &mut self,
        name: String,
        kind: &'static MethodKind,
        port: &'static (dyn Any + Send + Sync),
        raw: StartRaw<S>,
    ) {
        let (info, signature) = (kind.info, kind.signature);
        if S::SPEC.shards > 0 && info.key.is_none() {
            let (service, location) = (S::SPEC.name, S::SPEC.location);
            self.problem.get_or_insert_with(|| {
                format!(
                    "`{name}` names no key, and `{service}` ({location}) is sharded: a call finds its shard by its key; put \
                     `#[rpc(key = \"…\")]` on the method"
                )
            });
        }
        self.methods.push(Entry {
            id: MethodId::of(&name),
            name,
            info,
            fingerprint: signature().map_or_else(|| fnv1a(info.signature), Signature::fingerprint),
            signature,
            port,
            raw,
            pace: Pace::new(),
            work: Work::UNWATCHED,
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

    /// Enters what runs once the unit at `L` is up.
    pub fn started<L: Path<S>, H: TaskOf<L::Unit>>(&mut self) {
        self.part().hooks.push((HookKind::Started, run_task::<S, L, H>));
    }

    /// Enters a timer of the unit at `L`.
    pub fn timer<L: Path<S>, H: TaskOf<L::Unit>>(&mut self, schedule: Schedule) {
        self.part().timers.push(Timer { name: H::NAME, schedule, run: TimerRun::Hook(run_task::<S, L, H>) });
    }

    /// Enters what the unit at `L` does at a fixed step, and is told which.
    pub fn tick<L: Path<S>, H: OnEvent<L::Unit, Event = Tick>>(&mut self, period: Duration, late: MissedTicks) {
        let run = TimerRun::Told(run_told::<S, L, H>);
        self.part().timers.push(Timer { name: H::NAME, schedule: Schedule::Every(period, late), run });
    }

    /// Enters what the unit at `L` does when a watched service has ended.
    pub fn down<L: Path<S>, H: OnEvent<L::Unit, Event: IsDown>>(&mut self) {
        self.part().downs.push((H::NAME, run_told::<S, L, H>));
    }

    /// Enters what the unit at `L` does when its instance gets this role.
    pub fn role<L: Path<S>, H: OnEvent<L::Unit, Event = Epoch>>(&mut self, role: Role) {
        let (service, location, hook) = (S::SPEC.name, S::SPEC.location, H::NAME);
        if !S::SPEC.elected {
            self.problem.get_or_insert_with(|| {
                format!(
                    "`{hook}` of the service `{service}` ({location}) waits for it to become master or slave, but its instances elect \
                     none: write `#[service(elected)]`, or leave `#[on(master)]` and `#[on(slave)]` out"
                )
            });
        }
        if self.within.is_some() {
            self.problem.get_or_insert_with(|| {
                format!(
                    "`{hook}` of a module under a key of the service `{service}` ({location}) waits for it to become master or slave: such \
                     modules are not told; let the service have `#[on(master)]`, and pass it on"
                )
            });
        }
        self.roles.push((role, H::NAME, run_told::<S, L, H>));
    }

    /// Enters what the unit at `L` does with the entries of a service that it follows.
    pub fn entry<L: Path<S>, H: OnEvent<L::Unit, Event: IsPosted>>(&mut self) {
        let run = (H::NAME, run_told::<S, L, H> as ToldFn<S>);
        self.follows::<<H::Event as IsPosted>::By>(H::NAME).entries.push(run);
    }

    /// Enters what the unit at `L` does when entries of a service that it follows are missing.
    pub fn gap<L: Path<S>, H: OnEvent<L::Unit, Event: IsGap>>(&mut self) {
        let run = (H::NAME, run_told::<S, L, H> as ToldFn<S>);
        self.follows::<<H::Event as IsGap>::In>(H::NAME).gaps.push(run);
    }

    fn follows<R: Replicated>(&mut self, hook: &'static str) -> &mut Followed<S> {
        if self.within.is_some() {
            let (service, location) = (S::SPEC.name, S::SPEC.location);
            self.problem.get_or_insert_with(|| {
                format!(
                    "`{hook}` of a module under a key of the service `{service}` ({location}) waits for the entries of another service: such \
                     modules are not told; let the service have `#[on(entry)]` and `#[on(gap)]`, and pass on what they are told"
                )
            });
        }
        let of = TypeId::of::<R>();
        let known = self.followed.iter().position(|it| it.service == of).unwrap_or_else(|| {
            self.followed.push(Followed::new::<R>());
            self.followed.len() - 1
        });
        &mut self.followed[known]
    }

    fn check_followed(&mut self) {
        let Some(Followed { kind, gaps, .. }) = self.followed.iter().find(|it| it.entries.is_empty()) else { return };
        let (service, location, hook) = (S::SPEC.name, S::SPEC.location, gaps.first().map_or("", |(name, _)| name));
        let followed = kind.service;
        self.problem.get_or_insert_with(|| {
            format!(
                "`{hook}` of the service `{service}` ({location}) waits for gaps in the entries of `{followed}`, which it does not follow: write an \
                 `#[on(entry)]` that takes them, or leave `#[on(gap)]` out"
            )
        });
    }

    /// Enters an event handler of the unit at `L`.
    pub fn event<L: Path<S>, H: OnEvent<L::Unit>>(&mut self) {
        self.event_of::<L, H>(Takes::default());
    }

    /// The same, of one that takes these only.
    pub fn event_of<L: Path<S>, H: OnEvent<L::Unit>>(&mut self, takes: Takes) {
        self.part().events.push(Subscription {
            event: TypeId::of::<H::Event>(),
            type_name: type_name::<H::Event>(),
            name: H::NAME,
            start: start_event::<S, L, H>,
            unit: TypeId::of::<L>(),
            takes,
        });
    }

    /// Enters what the unit at `L` does when it has missed events.
    pub fn missed<L: Path<S>, H: OnEvent<L::Unit, Event: IsMissed>>(&mut self) {
        let (unit, is_service) = (TypeId::of::<L>(), TypeId::of::<L>() == TypeId::of::<Here>());
        self.missed.push(MissedHook { name: H::NAME, run: run_told::<S, L, H>, unit, is_service });
    }
}
