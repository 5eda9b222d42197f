//! What the macros implement on a user's struct.

use std::marker::PhantomData;

use super::{Path, Table};
use crate::actor::about::ServiceSpec;

/// A service or a module: something with methods, hooks and timers.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither a service nor a module",
    label = "a service or a module is expected here",
    note = "put `#[service]` or `#[module]` on the struct"
)]
pub trait Unit: Sized + Send + 'static {
    /// The unit that it may use as its parent; [`Orphan`] if none is declared.
    type Parent: Send + 'static;

    /// Itself. Where generated code names a type so, the compiler says once that it is no unit, and nothing that follows.
    type This;

    /// The name of the type.
    const NAME: &'static str;

    /// Enters its methods, hooks, timers and modules into the table of the service `S`, in which it is found by way of `L`.
    fn describe<S: Service, L: Path<S, Unit = Self>>(table: &mut Table<S>);
}

/// What `#[service]` says of a struct. Apart from [`Service`], so that a struct that cannot be a unit is one error.
pub trait Specified {
    /// Its name and defaults.
    const SPEC: ServiceSpec;
}

/// The state of an actor: what has `#[service]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a service",
    label = "a service is expected here",
    note = "put `#[service]` on the struct"
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

/// The methods that a unit has beside those of its contracts. `#[rpc] impl Unit` implements it, so there is one such block.
#[diagnostic::on_unimplemented(
    message = "the generic module `{Self}` has no `#[rpc] impl` block for all its types",
    label = "this needs one block with the bounds of the struct, `#[rpc] impl<…> {Self}`, if only an empty one",
    note = "a module's methods are the same for all its types: a block for some of them is not enough"
)]
pub trait OnlyOneRpcBlockPerType: Sized {
    /// Enters what the block holds.
    fn describe_block<S: Service, L: Path<S, Unit = Self>>(table: &mut Table<S>)
    where
        Self: Unit;
}

/// Finds out whether a unit has a block of its own: the inherent function goes first where its bound holds, else the one of
/// [`NoRpcBlock`], which must be in scope.
#[derive(Debug)]
pub struct RpcBlock<U>(PhantomData<U>);

impl<U: Unit + OnlyOneRpcBlockPerType> RpcBlock<U> {
    /// Enters what the block holds.
    pub fn describe<S: Service, L: Path<S, Unit = U>>(table: &mut Table<S>) {
        U::describe_block::<S, L>(table);
    }
}

/// Stands in where a unit has no block of its own.
pub trait NoRpcBlock<U: Unit> {
    /// Enters nothing.
    fn describe<S: Service, L: Path<S, Unit = U>>(_: &mut Table<S>) {}
}
impl<U: Unit> NoRpcBlock<U> for RpcBlock<U> {}
