//! Whom a call goes to, remembered: looking it up costs more than a short call.

use std::{
    any::{Any, TypeId},
    cell::RefCell,
    hash::{BuildHasher, BuildHasherDefault, DefaultHasher},
    sync::Arc,
};

use super::handle::Target;
use crate::{
    actor::{AnyCell, Port},
    message::Method,
};

/// So many are remembered by a thread.
const REMEMBERED: usize = 128;

/// The only service that a call can go to, if it is on this node.
pub(super) struct Resolved {
    key: Key,
    /// Of the view that it was found in.
    view: u64,
    found: Option<Found>,
}

/// A method of a service.
#[derive(Clone)]
pub(super) struct Found {
    pub(super) cell: Arc<dyn AnyCell>,
    /// A `Port` of the method.
    port: &'static (dyn Any + Send + Sync),
    /// The place of the method in the service's table.
    pub(super) index: usize,
}

/// Targets that look for the same have the same number.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Key {
    router: u64,
    target: u64,
    method: TypeId,
}

impl Key {
    fn of<M: Method>(target: &Target) -> Self {
        Self { router: target.router.number, target: target.number, method: TypeId::of::<M>() }
    }

    fn slot(self) -> usize {
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(self.method);
        (hash ^ self.target.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ self.router) as usize % REMEMBERED
    }
}

thread_local! {
    static KNOWN: RefCell<[Option<Resolved>; REMEMBERED]> = const { RefCell::new([const { None }; REMEMBERED]) };
}

impl Found {
    pub(super) fn port<M: Method>(&self) -> Option<&'static Port<M>> {
        self.port.downcast_ref()
    }
}

/// Uses the one service on this node that a call of the method `M` can go to, if it is the only one anywhere.
pub(super) fn with<M: Method, T>(target: &Target, action: impl FnOnce(&Found) -> T) -> Option<T> {
    let key = Key::of::<M>(target);
    let slot = key.slot();
    let view = target.router.directory().number();
    // It is taken out while it is used: the action may make calls itself.
    let known = KNOWN.try_with(|known| known.borrow_mut()[slot].take()).ok()?;
    let resolved = match known {
        Some(resolved) if resolved.key == key && resolved.view == view => resolved,
        _ => Resolved { key, view, found: find::<M>(target) },
    };
    let result = resolved.found.as_ref().map(action);
    let _ended = KNOWN.try_with(|known| known.borrow_mut()[slot] = Some(resolved));
    result
}

fn find<M: Method>(target: &Target) -> Option<Found> {
    let cell = target.router.only(&target.address, M::INFO.lane)?;
    let (_, port, index) = cell.port(target.method_id::<M>())?;
    Some(Found { cell, port, index })
}
