//! What the macros say of a module and of the field that holds it.

use crate::actor::{Loan, ModuleBusy, Path, Service, Table, Unit};

/// A unit that may be mounted in the unit `P`.
#[diagnostic::on_unimplemented(
    message = "the module `{Self}` cannot be mounted in `{P}`",
    label = "`{Self}` is made for another parent",
    note = "a module with `#[module(parent = X)]` can be mounted in `X` only; without `parent` it can be mounted anywhere"
)]
pub trait MountIn<P, Parent> {
    /// The parent as the module sees it.
    fn lend(parent: &mut P) -> &mut Parent;
}

/// A field that holds a module, or modules under keys.
pub trait Field: Send + Sync + 'static {
    /// The unit with the field.
    type Owner: Unit;
    /// What is in it.
    type Child: Unit + MountIn<Self::Owner, <Self::Child as Unit>::Parent>;
    /// The type of the field.
    type Slot: Mounted<Child = Self::Child>;

    /// The name of the field: part of the names of the module's methods.
    const NAME: &'static str;

    /// The field.
    fn slot(owner: &mut Self::Owner) -> &mut Self::Slot;
}

/// A field that holds a module, of a unit whose handlers have it together.
pub trait SharedField: Field {
    /// The module in it, as its handlers have it.
    ///
    /// # Errors
    /// It is not in its place.
    fn within(owner: Loan<'_, Self::Owner>) -> Result<Loan<'_, Self::Child>, ModuleBusy>;
}

/// The type of a field that holds modules.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot hold a module",
    label = "the type of a `#[module]` field is `Module<T>` or `Modules<K, T>`"
)]
pub trait Mounted: Sized {
    /// Itself. Where it is named so, the compiler says once that a type cannot hold a module, and nothing that follows from it.
    type Slot;
    /// The module in it.
    type Child: Unit;

    /// Enters everything that the module in the field `F` of the unit at `L` can do.
    fn describe<S: Service, L: Path<S>, F>(table: &mut Table<S>)
    where
        F: Field<Owner = L::Unit, Child = Self::Child, Slot = Self>;
}

impl<S: Service> Table<S> {
    /// Enters everything that the module in the field `F` of the unit at `L` can do.
    pub fn module<L: Path<S>, F: Field<Owner = L::Unit>>(&mut self) {
        <F::Slot as Mounted>::describe::<S, L, F>(self);
    }
}
