//! What the macros implement on a user's struct, and how a unit is found in its service: statically, as a type.

use std::marker::PhantomData;

use super::{NotEntered, Table};
use crate::{
    actor::about::{Access, Held, Lends, ReplicaKind, ServiceSpec, Shard},
    message::{KeyReader, Keys, Method, MethodInfo},
};

/// A service or a module: something with methods, hooks and timers.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither a service nor a module",
    label = "a service or a module is expected here",
    note = "put `#[service]` or `#[module]` on the struct"
)]
pub trait Unit: Sized + Send + 'static {
    /// How its handlers have it: [`Alone`](crate::actor::Alone), or [`Together`](crate::actor::Together).
    type Access: Access<Self>;

    /// The unit that it may use as its parent; [`Orphan`] if none is declared.
    type Parent: Send + 'static;

    /// Itself. Where generated code names a type so, the compiler says once that it is no unit, and nothing that follows.
    type This;

    /// The name of the type.
    const NAME: &'static str;

    /// The contracts that it says it fulfils, by `implements(…)`.
    const CONTRACTS: &'static [&'static str] = &[];

    /// Enters its methods, hooks, timers and modules into the table of the service `S`, in which it is found by way of `L`.
    fn describe<S: Service, L: Path<S, Unit = Self>>(table: &mut Table<S>);
}

impl<U: Unit> Lends for U {
    type Access = <U as Unit>::Access;
}

/// What a handler of the unit `U` is given of it: `&mut U`, or `&U` if several of its handlers run at once.
pub type Loan<'a, U> = <<U as Unit>::Access as Access<U>>::Loan<'a>;

/// What a hook of the unit `U` is given of it: `&mut U`.
pub type Whole<'a, U> = <<U as Unit>::Access as Access<U>>::Whole<'a>;

/// Whether the contract is one of these.
pub const fn says(contracts: &[&str], contract: &str) -> bool {
    let mut rest = contracts;
    while let [first, others @ ..] = rest {
        if is(first.as_bytes(), contract.as_bytes()) {
            return true;
        }
        rest = others;
    }
    false
}

/// `==`, which is not for constants.
const fn is(mut one: &[u8], mut other: &[u8]) -> bool {
    while let ([a, more @ ..], [b, others @ ..]) = (one, other) {
        if *a != *b {
            return false;
        }
        (one, other) = (more, others);
    }
    one.is_empty() && other.is_empty()
}

/// What `#[service]` says of a struct. Apart from [`Service`], so that a struct that cannot be a unit is one error.
pub trait Specified {
    /// Its name and defaults.
    const SPEC: ServiceSpec;

    /// What it does with its state, if it is [`Replicated`](super::Replicated).
    const REPLICA: Option<ReplicaKind> = None;
}

/// A sharded service whose shards are told which they are, and share something: `Hosted::sharded(shared)` makes them. One that needs
/// neither has a function that makes each, `.service_with(Counter::default)`.
///
/// ```ignore
/// impl Sharded for Hall {
///     type Shared = Map;
///
///     fn new(shard: Shard, shared: &Map) -> Self {
///         Self { tables: shared.tables_of(shard.number()), .. }
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say how its shards are made",
    label = "an `impl Sharded for {Self}` is missing",
    note = "where they share nothing a function makes each: `.service_with({Self}::default)`, or `Hosted::with({Self}::default)`"
)]
pub trait Sharded: Service {
    /// What all shards of one instance share: it is lent to each start of each.
    type Shared: Send + Sync + 'static;

    /// The state of a shard, each time that it is started.
    fn new(shard: Shard, shared: &Self::Shared) -> Self;
}

/// Asks what a unit says of shards: an inherent constant goes first where its bound holds, else that of [`NotSharded`], which must be in
/// scope.
#[derive(Debug)]
pub struct Sharding<S>(PhantomData<fn() -> S>);

impl<S: Specified> Sharding<S> {
    /// So many; 0 if it is not sharded.
    pub const SHARDS: u16 = S::SPEC.shards;
}

impl<S: Sharded> Sharding<S> {
    /// Whether it says how a shard is made.
    pub const IS_TOLD: bool = true;
}

/// Stands for modules, and for services whose shards are not told which they are.
pub trait NotSharded {
    /// None of its own.
    const SHARDS: u16 = 0;
    /// It says nothing.
    const IS_TOLD: bool = false;
}
impl<S> NotSharded for Sharding<S> {}

/// The state of an actor: what has `#[service]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a service",
    label = "a service is expected here",
    note = "put `#[service]` on the struct; where its client is written, write the service itself: `Counter`, not `CounterClient`"
)]
pub trait Service: Unit<Parent = Orphan> + Specified {}
#[diagnostic::do_not_recommend]
impl<S: Unit<Parent = Orphan> + Specified> Service for S {}

/// The parent of a unit that declares none.
#[derive(Debug)]
pub struct Orphan;

impl Orphan {
    /// A parent for whoever has none. Costs nothing: the type has no size, so nothing is allocated.
    pub fn stand_in() -> &'static mut Self {
        Box::leak(Box::new(Self))
    }
}

/// The way from a service to one of its units. It is a type, so that finding a module costs nothing at run time.
///
/// Entering a unit takes each module on the way out of its slot, so that a module and its parent can be borrowed mutably
/// at the same time in safe Rust; the guard puts them back, also after a panic or when the handler's future is dropped.
pub trait Path<S: Service>: Send + Sync + 'static {
    /// The unit at the end.
    type Unit: Unit;
    /// Holds what is needed to use the unit, and puts everything back.
    type Guard<'a>: Send
    where
        S: 'a;
    /// The same for a handler, which may be one of several.
    type Way<'a>: Send
    where
        S: 'a;

    /// Appends the names on the way: `bag.`.
    fn prefix(out: &mut String);

    /// Goes to the unit. Each module under a key on the way takes its key from `keys`.
    ///
    /// # Errors
    /// A module on the way is in use, or is not there.
    fn enter<'s>(service: &'s mut S, keys: &mut KeyReader<'_>) -> Result<Self::Guard<'s>, NotEntered>;

    /// The same for a handler.
    ///
    /// # Errors
    /// A module on the way is in use, or is not there.
    fn reach<'s>(service: &'s mut Held<S>, keys: &mut KeyReader<'_>) -> Result<Self::Way<'s>, NotEntered>;

    /// The unit as its handlers have it, and its parent.
    ///
    /// # Errors
    /// It is in use.
    fn lent<'g>(way: &'g mut Self::Way<'_>) -> Result<Lending<'g, Self::Unit>, NotEntered>;

    /// Visits all units that are at the end.
    fn each(service: &mut S, visit: &mut Visitor<'_, Self::Unit>);

    /// The unit and its parent.
    fn parts<'g>(guard: &'g mut Self::Guard<'_>) -> (&'g mut Self::Unit, &'g mut <Self::Unit as Unit>::Parent);
}

/// What a handler of the unit `U` is given.
pub type Lending<'a, U> = (Loan<'a, U>, &'a mut <U as Unit>::Parent);

/// The full name of the method `M` of the unit at `L`: `bag.rpc_drop`.
pub(crate) fn full_name<S: Service, L: Path<S>, M: Method>() -> String {
    named(L::prefix, const { &M::INFO })
}

fn named(prefix: fn(&mut String), info: &MethodInfo) -> String {
    let mut modules = String::new();
    prefix(&mut modules);
    info.below(&modules).to_string()
}

/// Is given a unit, and what makes the way to it.
pub type Visitor<'a, U> = dyn FnMut(&mut U, &dyn Fn() -> Keys) + 'a;

/// The path of the service itself.
#[derive(Debug)]
pub struct Here;

impl<S: Service> Path<S> for Here {
    type Unit = S;
    type Guard<'a> = &'a mut S;
    type Way<'a> = Loan<'a, S>;

    fn prefix(_: &mut String) {}

    fn enter<'s>(service: &'s mut S, _: &mut KeyReader<'_>) -> Result<&'s mut S, NotEntered> {
        Ok(service)
    }

    #[inline]
    fn reach<'s>(service: &'s mut Held<S>, _: &mut KeyReader<'_>) -> Result<Loan<'s, S>, NotEntered> {
        Ok(S::Access::lend(service))
    }

    #[inline]
    fn lent<'g>(way: &'g mut Loan<'_, S>) -> Result<Lending<'g, S>, NotEntered> {
        Ok((S::Access::again(way), Orphan::stand_in()))
    }

    fn each(service: &mut S, visit: &mut Visitor<'_, S>) {
        visit(service, &|| Keys::NONE);
    }

    fn parts<'g>(guard: &'g mut &mut S) -> (&'g mut S, &'g mut Orphan) {
        (guard, Orphan::stand_in())
    }
}
