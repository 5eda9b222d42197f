//! Clients of modules, reached through the client of the unit that they are in.

use std::{fmt, marker::PhantomData};

use super::{client::HasClient, handle::Handle, kind::Kind};
use crate::module::{Module, ModuleKey, Modules};

/// The type of a field that holds modules `T`, as clients see it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot hold a module",
    label = "the type of a `#[module]` field is `Module<T>` or `Modules<K, T>`"
)]
pub trait Reached<T> {
    /// What leads to the module.
    type Client<Kd: Kind>: From<Handle<Kd>>;
}

#[diagnostic::do_not_recommend]
impl<T, C: HasClient> Reached<C> for Module<T> {
    type Client<Kd: Kind> = C::Client<Kd>;
}

#[diagnostic::do_not_recommend]
impl<K, T, C: HasClient> Reached<C> for Modules<K, T> {
    type Client<Kd: Kind> = ModulesClient<K, C, Kd>;
}

/// What `.key(…)` takes where modules stand under keys `K`: a key, owned or borrowed, and a `&str` for a `String`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no key of modules under keys `{K}`",
    label = "write a `{K}`, or a `&{K}`"
)]
pub trait KeyOf<K> {
    /// Lends the key.
    fn lend<R>(&self, to: impl FnOnce(&K) -> R) -> R;
}

impl<K: ModuleKey> KeyOf<K> for K {
    fn lend<R>(&self, to: impl FnOnce(&K) -> R) -> R {
        to(self)
    }
}

impl<K: ModuleKey> KeyOf<K> for &K {
    fn lend<R>(&self, to: impl FnOnce(&K) -> R) -> R {
        to(self)
    }
}

impl KeyOf<String> for &str {
    fn lend<R>(&self, to: impl FnOnce(&String) -> R) -> R {
        to(&String::from(*self))
    }
}

/// Leads to the modules under keys in one field: `client.bags().key(7).rpc_drop(item)`.
pub struct ModulesClient<K, T, Kd: Kind> {
    handle: Handle<Kd>,
    to: PhantomData<fn(&K) -> T>,
}

impl<K: ModuleKey, T: HasClient, Kd: Kind> ModulesClient<K, T, Kd> {
    /// The client of the module under `key`. Whether there is one shows when it is called: `NotExecuted(NoModule)` if not.
    pub fn key(&self, key: impl KeyOf<K>) -> T::Client<Kd> {
        key.lend(|key| self.handle.with_key(key)).into()
    }
}

impl<K, T, Kd: Kind> From<Handle<Kd>> for ModulesClient<K, T, Kd> {
    fn from(handle: Handle<Kd>) -> Self {
        Self { handle, to: PhantomData }
    }
}

impl<K, T, Kd: Kind> Clone for ModulesClient<K, T, Kd> {
    fn clone(&self) -> Self {
        self.handle.clone().into()
    }
}

impl<K, T, Kd: Kind> fmt::Debug for ModulesClient<K, T, Kd> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.handle.fmt(f)
    }
}
