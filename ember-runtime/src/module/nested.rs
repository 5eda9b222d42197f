//! The path to a module, and the guard that holds it while one of its handlers runs.

use std::{fmt, marker::PhantomData};

use super::{Field, MountIn};
use crate::actor::{ModuleBusy, Path, Service, Unit};

/// The path to the module in the field `F` of the unit at `L`.
#[derive(Debug)]
pub struct In<L, F>(PhantomData<fn(L, F)>);

/// A module outside its slot, so that its parent can be lent to it. Dropped, it puts the module back.
pub struct Lent<'a, S: Service, L: Path<S>, F: Field<Owner = L::Unit>> {
    outer: L::Guard<'a>,
    /// `Some` until it is put back.
    child: Option<Box<F::Child>>,
}

impl<S: Service, L: Path<S>, F: Field<Owner = L::Unit>> Path<S> for In<L, F> {
    type Unit = F::Child;
    type Guard<'a>
        = Lent<'a, S, L, F>
    where
        S: 'a;

    fn prefix(out: &mut String) {
        L::prefix(out);
        out.push_str(F::NAME);
        out.push('.');
    }

    fn enter(service: &mut S) -> Result<Lent<'_, S, L, F>, ModuleBusy> {
        let mut outer = L::enter(service)?;
        let child = F::slot(L::parts(&mut outer).0).take()?;
        Ok(Lent { outer, child: Some(child) })
    }

    fn parts<'g>(guard: &'g mut Lent<'_, S, L, F>) -> (&'g mut F::Child, &'g mut <F::Child as Unit>::Parent) {
        let Lent { outer, child } = guard;
        let owner = L::parts(outer).0;
        let child = child.as_mut().expect("a module is lent until its guard is dropped");
        (child, F::Child::lend(owner))
    }
}

impl<S: Service, L: Path<S>, F: Field<Owner = L::Unit>> Drop for Lent<'_, S, L, F> {
    fn drop(&mut self) {
        if let Some(child) = self.child.take() {
            F::slot(L::parts(&mut self.outer).0).put_back(child);
        }
    }
}

impl<S: Service, L: Path<S>, F: Field<Owner = L::Unit>> fmt::Debug for Lent<'_, S, L, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lent({})", F::Child::NAME)
    }
}
