//! What the macros say of a module and of the field that holds it.

use super::Module;
use crate::actor::{Path, Service, Table, Unit};

/// A unit that may be mounted in the unit `P`.
#[diagnostic::on_unimplemented(
    message = "the module `{Self}` cannot be mounted in `{P}`",
    label = "`{Self}` is made for another parent",
    note = "a module with `#[module(parent = X)]` can be mounted in `X` only; without `parent` it can be mounted anywhere"
)]
pub trait MountIn<P: Unit>: Unit {
    /// The parent as the module sees it.
    fn lend(parent: &mut P) -> &mut Self::Parent;
}

/// A field that holds a module.
pub trait Field: Send + Sync + 'static {
    /// The unit with the field.
    type Owner: Unit;
    /// The module in it.
    type Child: MountIn<Self::Owner>;

    /// The name of the field: part of the names of the module's methods.
    const NAME: &'static str;

    /// The slot.
    fn slot(owner: &mut Self::Owner) -> &mut Module<Self::Child>;
}

/// The type of a field that holds a module.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot hold a module",
    label = "the type of a `#[module]` field is `Module<T>`"
)]
pub trait Mounted {
    /// The module in it.
    type Child: Unit;

    /// The field as what it is.
    fn slot(&mut self) -> &mut Module<Self::Child>;
}

impl<T: Unit> Mounted for Module<T> {
    type Child = T;

    fn slot(&mut self) -> &mut Self {
        self
    }
}

impl<S: Service> Table<S> {
    /// Enters everything that the module in the field `F` of the unit at `L` can do.
    pub fn module<L: Path<S>, F: Field<Owner = L::Unit>>(&mut self) {
        F::Child::describe::<S, super::In<L, F>>(self);
    }
}
