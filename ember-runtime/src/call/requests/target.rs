//! Whom calls are for.

use std::{
    fmt,
    hash::{Hash, Hasher},
    ops::Deref,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use crate::{
    call::routes::{Mixed, Router},
    directory::{Instance, Selector},
    id::{MethodId, Pid},
    message::{Keys, MethodInfo, MethodRef},
};

/// Where calls go. A call takes it along.
#[derive(Clone)]
pub(crate) struct Target(Arc<Aim>);

/// What a [`Target`] is.
#[derive(Clone)]
pub(crate) struct Aim {
    pub(crate) router: Arc<Router>,
    /// Whether hooks have a say before calls leave.
    pub(crate) is_hooked: bool,
    /// Its calls are parts of another: what becomes of that one is counted there.
    pub(crate) is_part: bool,
    pub(crate) destination: Destination,
    /// The keys of those modules among them that stand under keys.
    pub(crate) keys: Keys,
    /// The method, if it is known at run time only.
    pub(crate) method: Option<Arc<MethodRef>>,
}

/// A selector, and whose turn it is.
pub(crate) struct Selection {
    pub(crate) selector: Selector,
    turn: AtomicUsize,
    /// Of those that match, the ones for which this holds; all, if there is nothing. Looked at where all are called.
    only: Option<Only>,
}

/// A condition of the caller's.
pub(crate) type Only = Arc<dyn Fn(&Instance) -> bool + Send + Sync>;

impl Selection {
    /// Whether the condition holds, if there is one.
    pub(crate) fn admits(&self, instance: &Instance) -> bool {
        self.only.as_ref().is_none_or(|only| only(instance))
    }

    pub(crate) fn next_turn(&self) -> usize {
        self.turn.fetch_add(1, Ordering::Relaxed)
    }

    /// The turn was not used: whoever chooses anew chooses the same. Otherwise that one could be passed over time after time.
    pub(crate) fn give_back_turn(&self) {
        self.turn.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A unit of the services that are selected: all that decides whom calls can reach. The key that one of them is chosen by, and
/// the keys of modules, are looked at with each call.
#[derive(Clone)]
pub(crate) struct Destination {
    /// A hash of all else.
    pub(crate) hash: u64,
    pub(crate) address: Arc<Selection>,
    /// The modules below the service: `bag.`.
    pub(crate) module: Arc<str>,
}

impl Destination {
    pub(crate) fn new(selector: Selector, turn: usize, module: &str) -> Self {
        Self::of_some((selector, None), turn, module)
    }

    /// For those only for which the condition holds.
    pub(crate) fn of_some((selector, only): (Selector, Option<Only>), turn: usize, module: &str) -> Self {
        // That of the empty text needs no memory of its own.
        let module = if module.is_empty() { Arc::default() } else { module.into() };
        Self::of(Arc::new(Selection { selector, turn: AtomicUsize::new(turn), only }), module)
    }

    pub(crate) fn of(address: Arc<Selection>, module: Arc<str>) -> Self {
        let mut mixed = Mixed(0);
        address.selector.finds().hash(&mut mixed);
        module.hash(&mut mixed);
        Self { hash: mixed.finish(), address, module }
    }

    /// Whether both come from one client, which shows at once: most often they do. Then they are equal; others may be.
    #[inline]
    pub(crate) fn ptr_eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.address, &other.address) && Arc::ptr_eq(&self.module, &other.module)
    }
}

impl PartialEq for Destination {
    /// Compares in full.
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash
            && (Arc::ptr_eq(&self.address, &other.address)
                || self.address.selector.finds() == other.address.selector.finds())
            && (Arc::ptr_eq(&self.module, &other.module) || self.module == other.module)
    }
}

impl Deref for Target {
    type Target = Aim;

    fn deref(&self) -> &Aim {
        &self.0
    }
}

impl Deref for Aim {
    type Target = Destination;

    fn deref(&self) -> &Destination {
        &self.destination
    }
}

impl Aim {
    pub(crate) fn new(
        router: Arc<Router>,
        destination: Destination,
        keys: Keys,
        method: Option<Arc<MethodRef>>,
    ) -> Self {
        let is_hooked = !router.hooks.calls.is_empty();
        Self { router, is_hooked, is_part: false, destination, keys, method }
    }

    /// The same for calls that are parts of one that has passed the hooks already.
    pub(crate) fn past_hooks(self) -> Self {
        Self { is_hooked: false, is_part: true, ..self }
    }

    /// The full name of a method there, to be written.
    pub(crate) fn name_of<'a>(&'a self, info: &'static MethodInfo) -> NameOf<'a> {
        NameOf { aim: self, info }
    }

    /// The wire id of a method there.
    pub(crate) fn id_of(&self, info: &MethodInfo) -> MethodId {
        if let Some(method) = &self.method {
            return method.id();
        }
        let contract: &[&str] = if info.contract.is_empty() { &[] } else { &[info.contract, "."] };
        MethodId::of_parts([&*self.module].into_iter().chain(contract.iter().copied()).chain([info.name]))
    }
}

/// The full name of a method of a target.
pub(crate) struct NameOf<'a> {
    aim: &'a Aim,
    info: &'static MethodInfo,
}

impl fmt::Display for NameOf<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.aim.method {
            Some(method) => f.write_str(&method.name),
            None => self.info.below(&self.aim.module).fmt(f),
        }
    }
}

impl Target {
    pub(crate) fn new(aim: Aim) -> Self {
        Self(Arc::new(aim))
    }

    /// The same module of exactly one instance.
    pub(crate) fn pinned(&self, pid: Pid) -> Self {
        let selector = Selector { pid: Some(pid), ..self.address.selector.clone() };
        Self(Arc::new(Aim { destination: Destination::new(selector, 0, &self.module), ..Aim::clone(self) }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::Interest;

    fn selector(name: &'static str) -> Selector {
        Selector::new(Interest::Service(name.into()))
    }

    #[test]
    fn places_are_the_same_if_they_are_of_one_client_or_read_the_same_and_not_if_only_a_part_or_the_hash_does() {
        let bag = Destination::new(selector("player"), 0, "bag.");
        assert!(bag.ptr_eq(&bag.clone()) && bag == bag.clone(), "of one client");
        let equal =
            [Destination::new(selector("player"), 7, "bag."), Destination::of(Arc::clone(&bag.address), "bag.".into())];
        for other in equal {
            assert!(bag == other && !bag.ptr_eq(&other), "of another that selects the same, or named again");
        }
        let others = [
            Destination::of(Arc::clone(&bag.address), "box.".into()),
            Destination::of(Arc::clone(&bag.address), "".into()),
            Destination::new(selector("bank"), 0, "bag."),
            Destination::of(Destination::new(selector("bank"), 0, "").address, Arc::clone(&bag.module)),
        ];
        for other in others {
            assert!(bag != other && !bag.ptr_eq(&other), "{:?} {}", other.address.selector, other.module);
            let other = Destination { hash: bag.hash, ..other };
            assert!(bag != other && !bag.ptr_eq(&other), "of the same hash: {:?}", other.address.selector);
        }
    }
}
