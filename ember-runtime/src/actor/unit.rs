//! What the macros implement on a user's struct.

use super::{Path, ServiceSpec, Table};

/// A service or a module: something with methods, hooks and timers.
pub trait Unit: Sized + Send + 'static {
    /// The unit that it may use as its parent; [`Orphan`] if none is declared.
    type Parent: Send + 'static;

    /// The name of the type.
    const NAME: &'static str;

    /// Enters its methods, hooks, timers and modules into the table of the service `S`, in which it is found by way of `L`.
    fn describe<S: Service, L: Path<S, Unit = Self>>(table: &mut Table<S>);
}

/// The state of an actor. `#[service]` implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a service",
    label = "a service is expected here",
    note = "put `#[service]` on the struct"
)]
pub trait Service: Unit<Parent = Orphan> {
    /// Its name and defaults.
    const SPEC: ServiceSpec;
}

/// The parent of a unit that declares none.
#[derive(Debug)]
pub struct Orphan;

impl Orphan {
    /// A parent for whoever has none. Costs nothing: the type has no size, so nothing is allocated.
    pub fn stand_in() -> &'static mut Self {
        Box::leak(Box::new(Self))
    }
}

/// Stands in where a unit has no inherent `#[rpc]` block: an inherent function of the same name goes first.
pub trait NoInherentRpc: Unit {
    /// Enters nothing.
    fn __ember_only_one_rpc_impl_block_per_type<S: Service, L: Path<S, Unit = Self>>(_: &mut Table<S>) {}
}
impl<U: Unit> NoInherentRpc for U {}
