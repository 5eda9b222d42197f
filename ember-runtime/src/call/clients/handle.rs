//! The inside of every client: an address and the node that looks it up.

use std::{fmt, marker::PhantomData, sync::Arc};

use super::kind::Kind;
use crate::{
    call::{
        requests::{Aim, Destination, Only, Request, Target},
        routes::Router,
    },
    directory::Selector,
    message::{Keys, Message, Method},
};

/// An address plus a node.
pub struct Handle<K: Kind> {
    pub(crate) target: Target,
    kind: PhantomData<fn() -> K>,
}

impl<K: Kind> Handle<K> {
    pub(crate) fn new(router: Arc<Router>, selector: Selector) -> Self {
        Self::of_module(router, selector, "", &[])
    }

    /// A handle to those of them for which a condition holds.
    pub(crate) fn only(router: Arc<Router>, selector: Selector, only: Only) -> Self {
        let destination = Destination::of_some((selector, Some(only)), 0, "");
        Self::to(Aim::new(router, destination, Keys::from_bytes(&[]), None))
    }

    /// A handle to a module, `bag.`, of those that are selected.
    pub(crate) fn of_module(router: Arc<Router>, selector: Selector, module: &str, keys: &[u8]) -> Self {
        let destination = Destination::new(selector, router.rng().below(1 << 16), module);
        Self::to(Aim::new(router, destination, Keys::from_bytes(keys), None))
    }

    fn to(aim: Aim) -> Self {
        Self { target: Target::new(aim), kind: PhantomData }
    }

    /// Calls the method `M`.
    pub fn call<M: Method>(&self, args: M::Args) -> K::Call<M> {
        K::call(Request::new(self.target.clone(), args))
    }

    /// The client of a module of the service.
    pub fn module<C: From<Self>>(&self, field: &str) -> C {
        let Aim { router, destination, keys, .. } = &*self.target;
        let destination =
            Destination::of(Arc::clone(&destination.address), format!("{}{field}.", destination.module).into());
        C::from(Self::to(Aim::new(Arc::clone(router), destination, keys.clone(), None)))
    }

    pub(crate) fn module_path(&self) -> &str {
        &self.target.module
    }

    pub(crate) fn module_keys(&self) -> &[u8] {
        self.target.keys.bytes()
    }

    /// The same, with the key of the module.
    pub(crate) fn with_key<Key: Message>(&self, key: &Key) -> Self {
        let keys = self.target.keys.and(key);
        Self::to(Aim { keys, ..Aim::clone(&self.target) })
    }

    pub(crate) fn selector(&self) -> &Selector {
        &self.target.address.selector
    }
}

impl<K: Kind> Clone for Handle<K> {
    /// Each clone counts its own calls, so that callers on several threads do not meet in one counter.
    fn clone(&self) -> Self {
        Self::to(Aim::clone(&self.target))
    }
}

impl<K: Kind> fmt::Debug for Handle<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.target.address.selector, if self.target.module.is_empty() { "" } else { " module=" })?;
        f.write_str(self.target.module.trim_end_matches('.'))
    }
}
