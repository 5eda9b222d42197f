//! The path to a module of a unit whose handlers have it together: the module stays where it is.

use std::marker::PhantomData;

use super::{Field, In, Module, SharedField};
use crate::{
    actor::{Held, Lending, NotEntered, Orphan, Path, Service, Table, Unit, Visitor},
    message::KeyReader,
};

/// The path to the module in the field `F` of the unit at `L`. Hooks that have it alone go as to any other.
#[derive(Debug)]
pub struct Beside<L, F>(PhantomData<fn(L, F)>);

impl<
    S: Service,
    L: Path<S>,
    F: SharedField<Owner = L::Unit, Slot = Module<<F as Field>::Child>, Child: Unit<Parent = Orphan>>,
> Path<S> for Beside<L, F>
{
    type Unit = F::Child;
    type Guard<'a>
        = <In<L, F> as Path<S>>::Guard<'a>
    where
        S: 'a;
    type Way<'a>
        = L::Way<'a>
    where
        S: 'a;

    fn prefix(out: &mut String) {
        <In<L, F> as Path<S>>::prefix(out);
    }

    fn enter<'s>(service: &'s mut S, keys: &mut KeyReader<'_>) -> Result<Self::Guard<'s>, NotEntered> {
        In::<L, F>::enter(service, keys)
    }

    fn reach<'s>(service: &'s mut Held<S>, keys: &mut KeyReader<'_>) -> Result<L::Way<'s>, NotEntered> {
        L::reach(service, keys)
    }

    fn lent<'g>(way: &'g mut L::Way<'_>) -> Result<Lending<'g, F::Child>, NotEntered> {
        let (owner, _) = L::lent(way)?;
        Ok((F::within(owner)?, Orphan::stand_in()))
    }

    fn each(service: &mut S, visit: &mut Visitor<'_, F::Child>) {
        In::<L, F>::each(service, visit);
    }

    fn parts<'g>(guard: &'g mut Self::Guard<'_>) -> (&'g mut F::Child, &'g mut Orphan) {
        In::<L, F>::parts(guard)
    }
}

impl<S: Service> Table<S> {
    /// Enters everything that the module in the field `F` of the unit at `L` can do, whose handlers have it together.
    pub fn shared<L, F>(&mut self)
    where
        L: Path<S>,
        F: SharedField<Owner = L::Unit, Slot = Module<<F as Field>::Child>, Child: Unit<Parent = Orphan>>,
    {
        <F::Child as Unit>::describe::<S, Beside<L, F>>(self);
    }
}
