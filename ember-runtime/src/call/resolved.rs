//! Whom a call goes to, remembered: looking it up costs more than a short call.

use std::{
    any::{Any, TypeId},
    cell::Cell,
    hash::Hash,
    sync::Arc,
};

use super::{
    Away,
    handle::{Place, Target},
    home::Poller,
    mixed::Mixed,
    router::Only,
};
use crate::{
    actor::{AnyCell, Port, Spare},
    directory::Share,
    message::Method,
};

/// So many are remembered by a thread.
const REMEMBERED: usize = 128;

/// The only service that a call can go to.
pub(super) struct Resolved {
    key: Key,
    /// Whom the calls are for: compared in full, because it is more than `key` holds.
    place: Place,
    /// Of the view that it was found in.
    view: u64,
    /// If it is on this node.
    pub(super) found: Option<Found>,
    /// Or else if it is on another.
    pub(super) away: Option<Away>,
    /// What its calls have left for the next.
    pub(super) spare: Spare,
    /// The task that made the last call. It runs on the runtime of the node.
    pub(super) at_home: Option<Poller>,
}

/// A method of a service.
pub(super) struct Found {
    /// None if no view lists it.
    pub(super) share: Option<Share>,
    pub(super) cell: Arc<dyn AnyCell>,
    /// A `Port` of the method.
    port: &'static (dyn Any + Send + Sync),
    /// The place of the method in the service's table.
    pub(super) index: usize,
}

/// What is compared first.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Key {
    router: u64,
    method: TypeId,
}

impl Key {
    #[inline]
    fn of<M: Method>(target: &Target) -> Self {
        Self { router: target.router.number, method: TypeId::of::<M>() }
    }

    #[inline]
    fn slot(self, place: &Place) -> usize {
        let mut mixed = Mixed(place.hash ^ self.router);
        self.method.hash(&mut mixed);
        mixed.place(REMEMBERED)
    }
}

thread_local! {
    static KNOWN: [Cell<Option<Box<Resolved>>>; REMEMBERED] = const { [const { Cell::new(None) }; REMEMBERED] };
}

impl Found {
    #[inline]
    pub(super) fn port<M: Method>(&self) -> Option<&'static Port<M>> {
        self.port.downcast_ref()
    }
}

impl Resolved {
    /// Whom a call of the method `M` goes to. To be given back after use.
    #[inline]
    pub(super) fn take<M: Method>(target: &Target) -> Box<Self> {
        let (key, view) = (Key::of::<M>(target), target.router.directory().number());
        // A thread that ends remembers nothing any more.
        match KNOWN.try_with(|known| known[key.slot(&target.place)].take()).ok().flatten() {
            Some(resolved) if resolved.key == key && resolved.view == view && resolved.place == target.place => {
                resolved
            }
            Some(mut other) => {
                // What its calls have left may fit all the same.
                (other.found, other.away) = find::<M>(target);
                (other.key, other.view, other.at_home) = (key, view, None);
                other.place = target.place.clone();
                other
            }
            None => {
                let (found, away) = find::<M>(target);
                let place = target.place.clone();
                Box::new(Self { key, place, view, found, away, spare: Spare::default(), at_home: None })
            }
        }
    }

    /// Remembers it.
    #[inline]
    pub(super) fn give_back(self: Box<Self>) {
        let _ended = KNOWN.try_with(|known| known[self.key.slot(&self.place)].set(Some(self)));
    }
}

#[cold]
fn find<M: Method>(target: &Target) -> (Option<Found>, Option<Away>) {
    match target.router.only(&target.address, M::INFO.lane) {
        Some(Only::Here(instance, cell)) => {
            let found = cell.port(target.method_id::<M>());
            (found.map(|(_, port, index)| Found { share: instance.map(Share::of), cell, port, index }), None)
        }
        Some(Only::Elsewhere(instance)) => (None, Away::find::<M>(target, instance)),
        None => (None, None),
    }
}
