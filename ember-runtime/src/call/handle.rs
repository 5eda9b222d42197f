//! The inside of every client: an address and the node that looks it up.

use std::{
    fmt,
    marker::PhantomData,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use super::{Kind, Router, request::Request};
use crate::{
    directory::Selector,
    id::MethodId,
    message::{Keys, Message, Method},
};

/// An address plus a node.
pub struct Handle<K: Kind> {
    pub(super) target: Target,
    kind: PhantomData<fn() -> K>,
}

/// Where calls go.
#[derive(Clone)]
pub(super) struct Target {
    pub(super) router: Arc<Router>,
    pub(super) address: Arc<Address>,
    /// The modules below the service: `bag.`.
    module: Arc<str>,
    /// The keys of those modules among them that stand under keys.
    pub(super) keys: Keys,
}

/// A selector, and whose turn it is.
pub(super) struct Address {
    pub(super) selector: Selector,
    turn: AtomicUsize,
}

impl Address {
    pub(super) fn next_turn(&self) -> usize {
        self.turn.fetch_add(1, Ordering::Relaxed)
    }
}

impl<K: Kind> Handle<K> {
    pub(super) fn new(router: Arc<Router>, selector: Selector) -> Self {
        let turn = AtomicUsize::new(router.rng().below(1 << 16));
        let address = Arc::new(Address { selector, turn });
        Self { target: Target { router, address, module: "".into(), keys: Keys::default() }, kind: PhantomData }
    }

    /// A handle to a module, `bag.`, of those that are selected.
    pub(crate) fn of_module(router: Arc<Router>, selector: Selector, module: &str, keys: &[u8]) -> Self {
        let mut handle = Self::new(router, selector);
        handle.target.module = module.into();
        handle.target.keys = Keys::from_bytes(keys);
        handle
    }

    /// Calls the method `M`.
    pub fn call<M: Method>(&self, args: M::Args) -> K::Call<M> {
        K::call(Request::new(self.target.clone(), args))
    }

    /// The client of a module of the service.
    pub fn module<C: From<Self>>(&self, field: &str) -> C {
        let module = format!("{}{field}.", self.target.module).into();
        C::from(Self { target: Target { module, ..self.target.clone() }, kind: PhantomData })
    }

    pub(super) fn module_path(&self) -> &str {
        &self.target.module
    }

    pub(super) fn module_keys(&self) -> &[u8] {
        self.target.keys.bytes()
    }

    /// The same, with the key of the module.
    pub(super) fn with_key<Key: Message>(&self, key: &Key) -> Self {
        let keys = self.target.keys.and(key);
        Self { target: Target { keys, ..self.target.clone() }, kind: PhantomData }
    }

    pub(super) fn selector(&self) -> &Selector {
        &self.target.address.selector
    }
}

impl Target {
    /// The full name of the method `M` there.
    pub(super) fn method_name<M: Method>(&self) -> String {
        let info = M::INFO;
        let dot = if info.contract.is_empty() { "" } else { "." };
        format!("{}{}{dot}{}", self.module, info.contract, info.name)
    }

    /// The wire id of the method `M` there.
    pub(super) fn method_id<M: Method>(&self) -> MethodId {
        let info = M::INFO;
        let contract: &[&str] = if info.contract.is_empty() { &[] } else { &[info.contract, "."] };
        MethodId::of_parts([&*self.module].into_iter().chain(contract.iter().copied()).chain([info.name]))
    }

    /// The same module of exactly one instance.
    pub(super) fn pinned(&self, pid: crate::id::Pid) -> Self {
        let selector = Selector { pid: Some(pid), ..self.address.selector.clone() };
        Self { address: Arc::new(Address { selector, turn: AtomicUsize::new(0) }), ..self.clone() }
    }
}

impl<K: Kind> Clone for Handle<K> {
    fn clone(&self) -> Self {
        Self { target: self.target.clone(), kind: PhantomData }
    }
}

impl<K: Kind> fmt::Debug for Handle<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.target.address.selector, if self.target.module.is_empty() { "" } else { " module=" })?;
        f.write_str(self.target.module.trim_end_matches('.'))
    }
}
