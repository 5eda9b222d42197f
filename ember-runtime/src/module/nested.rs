//! The path to a module, and the guard that holds it while one of its handlers runs.

use std::{fmt, marker::PhantomData};

use super::{Field, Module, MountIn, Mounted};
use crate::{
    actor::{Access as _, Held, Lending, ModuleBusy, NotEntered, Path, Service, Table, Unit, Visitor},
    message::KeyReader,
};

/// The path to the module in the field `F` of the unit at `L`.
#[derive(Debug)]
pub struct In<L, F>(PhantomData<fn(L, F)>);

/// A module outside its slot, so that its parent can be lent to it. Dropped, it puts the module back.
pub struct Lent<'a, S: Service, L: Path<S>, F: Field<Owner = L::Unit, Slot = Module<<F as Field>::Child>>> {
    outer: L::Guard<'a>,
    /// `Some` until it is put back.
    child: Option<Box<F::Child>>,
}

impl<S: Service, L: Path<S>, F: Field<Owner = L::Unit, Slot = Module<<F as Field>::Child>>> Path<S> for In<L, F> {
    type Unit = F::Child;
    type Guard<'a>
        = Lent<'a, S, L, F>
    where
        S: 'a;
    type Way<'a>
        = Lent<'a, S, L, F>
    where
        S: 'a;

    fn prefix(out: &mut String) {
        L::prefix(out);
        out.push_str(F::NAME);
        out.push('.');
    }

    fn enter<'s>(service: &'s mut S, keys: &mut KeyReader<'_>) -> Result<Lent<'s, S, L, F>, NotEntered> {
        let mut outer = L::enter(service, keys)?;
        let child = F::slot(L::parts(&mut outer).0).take()?;
        Ok(Lent { outer, child: Some(child) })
    }

    fn reach<'s>(service: &'s mut Held<S>, keys: &mut KeyReader<'_>) -> Result<Lent<'s, S, L, F>, NotEntered> {
        Self::enter(S::Access::alone(service).ok_or(ModuleBusy { module: F::Child::NAME })?, keys)
    }

    fn lent<'g>(way: &'g mut Lent<'_, S, L, F>) -> Result<Lending<'g, F::Child>, NotEntered> {
        let (child, parent) = Self::parts(way);
        Ok((<F::Child as Unit>::Access::loan(child), parent))
    }

    fn each(service: &mut S, visit: &mut Visitor<'_, F::Child>) {
        L::each(service, &mut |owner, way| {
            if let Ok(child) = F::slot(owner).try_get_mut() {
                visit(child, way);
            }
        });
    }

    fn parts<'g>(guard: &'g mut Lent<'_, S, L, F>) -> (&'g mut F::Child, &'g mut <F::Child as Unit>::Parent) {
        let Lent { outer, child } = guard;
        let owner = L::parts(outer).0;
        let child = child.as_mut().expect("a module is lent until its guard is dropped");
        (child, F::Child::lend(owner))
    }
}

impl<S: Service, L: Path<S>, F: Field<Owner = L::Unit, Slot = Module<<F as Field>::Child>>> Drop for Lent<'_, S, L, F> {
    fn drop(&mut self) {
        if let Some(child) = self.child.take() {
            F::slot(L::parts(&mut self.outer).0).put_back(child);
        }
    }
}

impl<S: Service, L: Path<S>, F: Field<Owner = L::Unit, Slot = Module<<F as Field>::Child>>> fmt::Debug
    for Lent<'_, S, L, F>
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lent({})", F::Child::NAME)
    }
}

impl<T: Unit> Mounted for Module<T> {
    type Slot = Self;
    type Child = T;

    fn describe<S: Service, L: Path<S>, F>(table: &mut Table<S>)
    where
        F: Field<Owner = L::Unit, Child = T, Slot = Self>,
    {
        T::describe::<S, In<L, F>>(table);
    }
}
