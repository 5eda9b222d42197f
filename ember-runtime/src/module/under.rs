//! The path to a module under a key, and the guard that holds it while one of its handlers runs.

use std::{fmt, marker::PhantomData, sync::Arc};

use super::{Field, ModuleKey, Modules, MountIn, Mounted};
use crate::{
    actor::{Access as _, Held, KeyedField, Lending, ModuleBusy, NotEntered, Path, Service, Table, Unit, Visitor},
    message::{KeyReader, Keys, Lifespan},
};

/// The path to a module under a key of the type `K`, in the field `F` of the unit at `L`.
#[derive(Debug)]
pub struct Under<L, F, K>(PhantomData<fn(L, F, K)>);

/// A module outside its place, so that its parent can be lent to it. Dropped, it puts the module back.
pub struct LentKeyed<
    'a,
    S: Service,
    L: Path<S>,
    F: Field<Owner = L::Unit, Slot = Modules<K, <F as Field>::Child>>,
    K: ModuleKey,
> {
    outer: L::Guard<'a>,
    /// `Some` until it is put back.
    child: Option<Box<F::Child>>,
    key: K,
    life: Arc<Lifespan>,
}

impl<S: Service, L: Path<S>, F: Field<Owner = L::Unit, Slot = Modules<K, <F as Field>::Child>>, K: ModuleKey> Path<S>
    for Under<L, F, K>
{
    type Unit = F::Child;
    type Guard<'a>
        = LentKeyed<'a, S, L, F, K>
    where
        S: 'a;
    type Way<'a>
        = LentKeyed<'a, S, L, F, K>
    where
        S: 'a;

    fn prefix(out: &mut String) {
        L::prefix(out);
        out.push_str(F::NAME);
        out.push('.');
    }

    fn enter<'s>(service: &'s mut S, keys: &mut KeyReader<'_>) -> Result<LentKeyed<'s, S, L, F, K>, NotEntered> {
        let mut outer = L::enter(service, keys)?;
        let key = keys.next::<K>().ok_or(NotEntered::NoKey(F::Child::NAME))?;
        let (child, life) = F::slot(L::parts(&mut outer).0).lend(&key, keys)?;
        Ok(LentKeyed { outer, child: Some(child), key, life })
    }

    fn reach<'s>(service: &'s mut Held<S>, keys: &mut KeyReader<'_>) -> Result<LentKeyed<'s, S, L, F, K>, NotEntered> {
        Self::enter(S::Access::alone(service).ok_or(ModuleBusy { module: F::Child::NAME })?, keys)
    }

    fn lent<'g>(way: &'g mut LentKeyed<'_, S, L, F, K>) -> Result<Lending<'g, F::Child>, NotEntered> {
        let (child, parent) = Self::parts(way);
        Ok((<F::Child as Unit>::Access::loan(child), parent))
    }

    fn each(service: &mut S, visit: &mut Visitor<'_, F::Child>) {
        L::each(service, &mut |owner, way| {
            F::slot(owner).each(&mut |key, life, module| visit(module, &|| way().and(key).of(life)));
        });
    }

    fn parts<'g>(guard: &'g mut LentKeyed<'_, S, L, F, K>) -> (&'g mut F::Child, &'g mut <F::Child as Unit>::Parent) {
        let LentKeyed { outer, child, .. } = guard;
        let owner = L::parts(outer).0;
        let child = child.as_mut().expect("a module is lent until its guard is dropped");
        (child, F::Child::lend(owner))
    }
}

impl<S: Service, L: Path<S>, F: Field<Owner = L::Unit, Slot = Modules<K, <F as Field>::Child>>, K: ModuleKey> Drop
    for LentKeyed<'_, S, L, F, K>
{
    fn drop(&mut self) {
        if let Some(child) = self.child.take() {
            F::slot(L::parts(&mut self.outer).0).put_back(&self.key, &self.life, child);
        }
    }
}

impl<S: Service, L: Path<S>, F: Field<Owner = L::Unit, Slot = Modules<K, <F as Field>::Child>>, K: ModuleKey> fmt::Debug
    for LentKeyed<'_, S, L, F, K>
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LentKeyed({}, {:?})", F::Child::NAME, self.key)
    }
}

impl<K: ModuleKey, T: Unit> Mounted for Modules<K, T> {
    type Slot = Self;
    type Child = T;

    fn describe<S: Service, L: Path<S>, F>(table: &mut Table<S>)
    where
        F: Field<Owner = L::Unit, Child = T, Slot = Self>,
    {
        let field = KeyedField {
            module: T::NAME,
            changed: |service| {
                let mut owners = Vec::new();
                L::each(service, &mut |unit, keys| {
                    if F::slot(unit).has_changed() {
                        owners.push(keys());
                    }
                });
                owners
            },
            is_there: |service, module| Under::<L, F, K>::enter(service, &mut module.reader()).is_ok(),
            changes: |service, owner| {
                at::<S, L, F, _>(service, owner, |modules| modules.changes(owner)).unwrap_or_default()
            },
            all: |service, owner| at::<S, L, F, _>(service, owner, |modules| modules.all(owner)).unwrap_or_default(),
            renew: |service, owner| {
                at::<S, L, F, _>(service, owner, Modules::renew);
            },
            discard: |service, module| {
                // The way to the owner takes what it needs of the keys, and leaves the last.
                if let Some(life) = module.life() {
                    at::<S, L, F, _>(service, module, |modules| modules.discard(&life));
                }
            },
        };
        table.keyed(field, T::describe::<S, Under<L, F, K>>);
    }
}

/// Uses the field `F` of the unit at `L`, found by `keys`; `None` if that unit is gone.
fn at<S: Service, L: Path<S>, F: Field<Owner = L::Unit>, T>(
    service: &mut S,
    keys: &Keys,
    action: impl FnOnce(&mut F::Slot) -> T,
) -> Option<T> {
    let mut owner = L::enter(service, &mut keys.reader()).ok()?;
    Some(action(F::slot(L::parts(&mut owner).0)))
}
