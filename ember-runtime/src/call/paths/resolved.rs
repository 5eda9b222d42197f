//! Whom calls go to, remembered: looking it up costs more than a short call. What is remembered of a target serves no other,
//! and only as long as nothing has changed among those whom it may find.

use std::{
    any::{Any, TypeId},
    cell::Cell,
    hash::Hash,
    sync::Arc,
};

use crate::{
    actor::{AnyCell, Port, Spare},
    call::{
        reach::{Asked, Away},
        requests::{Destination, Target},
        routes::{Mixed, Poller, Probe},
    },
    directory::{Group, Instance, Kept, Probing, Share, Terms},
    error::RefusedReason,
    id::Pid,
    message::{Method, MethodKind},
};

/// A thread remembers so many targets of the same hash, what was used last first,
const WAYS: usize = 4;
/// for each of so many hashes.
const SETS: usize = 32;

/// Whom the calls of one method to one target go to.
pub(crate) struct Resolved {
    /// Where it is remembered.
    set: usize,
    router: u64,
    method: TypeId,
    destination: Destination,
    whom: Whom,
    /// What its calls have left for the next.
    spare: Spare,
    /// The task that made the last call. It runs on the runtime of the node.
    at_home: Option<Poller>,
}

/// Those that match.
enum Whom {
    /// Instances that the view lists.
    Listed(Kept<Way>),
    /// One service that it does not list, found by its pid. It may be something else when the group has another version.
    Direct { group: Arc<Group>, version: u64, way: Way },
    /// A balancer says it, anew with each call: nothing is remembered.
    Balanced,
    /// The node has ended.
    Over,
}

/// The way of a method to one service.
#[derive(Default)]
pub(crate) enum Way {
    /// Not found yet.
    #[default]
    New,
    /// The service is on this node,
    Here(Found),
    /// or on another.
    Away(Away),
}

/// A method of a service of this node.
pub(crate) struct Found {
    pub(crate) cell: Arc<dyn AnyCell>,
    /// A `Port` of the method.
    port: &'static (dyn Any + Send + Sync),
    /// The place of the method in the service's table.
    pub(crate) index: usize,
    /// Made when a call has to wait, if a view lists the service.
    share: Option<Share>,
}

/// Where one call goes.
pub(crate) struct Chosen<'a> {
    pub(crate) way: &'a mut Way,
    /// What the view says of it.
    pub(crate) instance: Option<&'a Arc<Instance>>,
    pub(crate) spare: &'a mut Spare,
    pub(crate) at_home: &'a mut Option<Poller>,
    /// It was its turn.
    pub(crate) in_turn: bool,
}

type Set = [Cell<Option<Box<Resolved>>>; WAYS];

thread_local! {
    static KNOWN: [Set; SETS] = const { [const { [const { Cell::new(None) }; WAYS] }; SETS] };
}

impl Found {
    fn new(cell: &Arc<dyn AnyCell>, port: (&'static (dyn Any + Send + Sync), usize)) -> Self {
        Self { cell: Arc::clone(cell), port: port.0, index: port.1, share: None }
    }

    #[inline]
    pub(crate) fn port<M: Method>(&self) -> Option<&'static Port<M>> {
        self.port.downcast_ref()
    }

    /// Who is asked by a call that has to wait: `instance`, if the view lists it.
    pub(crate) fn asked(&mut self, instance: Option<&Arc<Instance>>) -> Asked {
        match instance {
            Some(listed) => Asked::Listed(self.share.get_or_insert_with(|| Share::of(Arc::clone(listed))).one()),
            None => Asked::Direct(Arc::clone(&self.cell)),
        }
    }
}

/// The hash of a target's method.
#[cfg_attr(not(debug_assertions), inline)]
fn set_of(method: TypeId, target: &Target) -> usize {
    let mut mixed = Mixed(target.destination.hash ^ target.router.number);
    method.hash(&mut mixed);
    mixed.place(SETS)
}

/// What is remembered in `set`, compared in full. The `first` was taken out of it.
#[inline(never)]
fn search(set: &Set, first: Option<Box<Resolved>>, method: TypeId, target: &Target) -> Option<Box<Resolved>> {
    set[0].set(first);
    set.iter().find_map(|place| {
        let resolved = place.take()?;
        if resolved.is_for(method, target) && resolved.destination == target.destination {
            return Some(resolved);
        }
        place.set(Some(resolved));
        None
    })
}

/// Each makes room for the one before it, up to where one was taken from; the last is forgotten.
#[inline(never)]
fn make_room(places: &[Cell<Option<Box<Resolved>>>], first: Box<Resolved>) {
    let mut next = Some(first);
    for place in places {
        next = place.replace(next);
        if next.is_none() {
            return;
        }
    }
}

// Inlined only where the compiler optimises: elsewhere all this is compiled once, here, and not with each service.
impl Resolved {
    /// Whom a call of this method goes to. To be given back after use.
    #[cfg_attr(
        not(debug_assertions),
        allow(clippy::inline_always, reason = "measured: a short call takes twenty instructions more otherwise"),
        inline(always)
    )]
    pub(crate) fn take(kind: &'static MethodKind, target: &Target) -> Box<Self> {
        match Self::known((kind.type_id)(), target) {
            Some(mut resolved) => {
                if !resolved.is_current() {
                    resolved.renew(kind, target);
                }
                resolved
            }
            None => Self::find(kind, target),
        }
    }

    /// What is remembered. A thread that ends remembers nothing any more.
    #[cfg_attr(not(debug_assertions), allow(clippy::inline_always, reason = "as above"), inline(always))]
    fn known(method: TypeId, target: &Target) -> Option<Box<Self>> {
        let look = |known: &[Set; SETS]| {
            let set = &known[set_of(method, target)];
            match set[0].take() {
                Some(last) if last.is_for(method, target) && last.destination.ptr_eq(&target.destination) => Some(last),
                last => search(set, last, method, target),
            }
        };
        KNOWN.try_with(look).ok().flatten()
    }

    #[cold]
    fn find(kind: &MethodKind, target: &Target) -> Box<Self> {
        let (router, method, destination) = (target.router.number, (kind.type_id)(), target.destination.clone());
        let set = set_of(method, target);
        let last = KNOWN.try_with(|known| known[set][WAYS - 1].take()).ok().flatten();
        // What the calls of that one have left may fit all the same.
        let spare = last.map(|last| last.spare).unwrap_or_default();
        Box::new(Self { set, router, method, destination, whom: whom(kind, target), spare, at_home: None })
    }

    /// Remembers it.
    #[cfg_attr(not(debug_assertions), allow(clippy::inline_always, reason = "as above"), inline(always))]
    pub(crate) fn give_back(self: Box<Self>) {
        let mut this = Some(self);
        let _ended = KNOWN.try_with(|known| {
            let Some(set) = this.as_ref().and_then(|this| known.get(this.set)) else { return };
            if let Some(next) = set[0].replace(this.take()) {
                make_room(&set[1..], next);
            }
        });
    }

    #[cfg_attr(not(debug_assertions), inline)]
    fn is_for(&self, method: TypeId, target: &Target) -> bool {
        self.method == method && self.router == target.router.number
    }

    /// Whether nothing has changed that it depends on.
    #[cfg_attr(not(debug_assertions), inline)]
    fn is_current(&self) -> bool {
        match &self.whom {
            Whom::Listed(kept) => kept.is_current(),
            Whom::Direct { group, version, .. } => group.version() == *version,
            Whom::Balanced => true,
            Whom::Over => false,
        }
    }

    #[cold]
    fn renew(&mut self, kind: &MethodKind, target: &Target) {
        // A service that was asked for by its pid may be reached though no view lists it.
        let same = target.address.selector.pid.is_none() && target.router.over().is_none();
        match &mut self.whom {
            Whom::Listed(kept) if same => drop(kept.renew(&terms(kind, target))),
            _ => self.whom = whom(kind, target),
        }
    }

    /// Where the next call goes, if it can be said so simply.
    #[cfg_attr(not(debug_assertions), allow(clippy::inline_always, reason = "as above"), inline(always))]
    pub(crate) fn choose(&mut self, kind: &MethodKind, target: &Target, key: Option<u64>) -> Option<Chosen<'_>> {
        let Self { whom, spare, at_home, .. } = self;
        let mut in_turn = false;
        let (way, instance) = match whom {
            Whom::Listed(kept) => {
                let address = &*target.address;
                let turn = || {
                    in_turn = true;
                    address.next_turn()
                };
                let choice = address.selector.choice.for_key(key);
                let Some(entry) = kept.pick(&choice, turn, target.router.rng()) else {
                    // Whoever chooses elsewhere has the same turn: it is that of one that may need a probe.
                    if in_turn {
                        address.give_back_turn();
                    }
                    return None;
                };
                if let Way::New = entry.remembered {
                    entry.remembered = way(kind, target, &entry.instance);
                }
                (&mut entry.remembered, Some(&entry.instance))
            }
            Whom::Direct { way, .. } => (way, None),
            Whom::Balanced | Whom::Over => return None,
        };
        Some(Chosen { way, instance, spare, at_home, in_turn })
    }

    /// Who was drawn, and may need a probe.
    fn take_drawn(&mut self) -> Option<Arc<Instance>> {
        let Whom::Listed(kept) = &mut self.whom else { return None };
        kept.take_drawn().cloned()
    }

    /// The instance that the next call goes to, if the view lists it.
    fn instance(&mut self, target: &Target, key: Option<u64>) -> Option<Arc<Instance>> {
        let Whom::Listed(kept) = &mut self.whom else { return None };
        let address = &*target.address;
        let mut in_turn = false;
        let turn = || {
            in_turn = true;
            address.next_turn()
        };
        let picked = kept.pick(&address.selector.choice.for_key(key), turn, target.router.rng());
        let instance = picked.map(|entry| Arc::clone(&entry.instance));
        if in_turn && instance.is_none() {
            address.give_back_turn();
        }
        instance
    }
}

/// The instance that a call of this method, whose contract names this key, goes to; those in `excluded` have refused it already. With the probe that
/// it is, if it is one.
///
/// # Errors
/// Why there is none.
pub(crate) fn choose(
    kind: &'static MethodKind,
    target: &Target,
    key: Option<u64>,
    (excluded, probing): (&[Pid], Probing),
) -> Result<(Arc<Instance>, Option<Probe>), RefusedReason> {
    // Of a method that is known at run time only it is not remembered whether it has a key.
    if excluded.is_empty() && (key.is_none() || kind.info.key.is_some()) {
        let mut resolved = Resolved::take(kind, target);
        let drawn = resolved.take_drawn();
        let instance = if drawn.is_some() { None } else { resolved.instance(target, key) };
        let drawn = drawn.or_else(|| resolved.take_drawn());
        resolved.give_back();
        if let Some(instance) = instance {
            return Ok((instance, None));
        }
        if let Some(instance) = drawn {
            match probing {
                Probing::Pass => return Ok((instance, None)),
                Probing::Probe => {
                    if let Some(number) = instance.in_flight.begin().circuit.probe() {
                        let probe = Probe::new(&target.router, &instance, number);
                        return Ok((instance, Some(probe)));
                    }
                }
            }
        }
    }
    let (instance, probe) = target.router.choose(&target.address, (kind.info.lane, key), excluded, probing)?;
    let probe = probe.map(|number| Probe::new(&target.router, &instance, number));
    Ok((instance, probe))
}

fn terms<'a>(kind: &MethodKind, target: &'a Target) -> Terms<'a> {
    // Which key it is, is looked at with each call.
    target.router.terms(&target.address.selector, kind.info.lane, kind.info.key.map(|_| 0))
}

fn whom(kind: &MethodKind, target: &Target) -> Whom {
    let (router, selector) = (&target.router, &target.address.selector);
    if router.over().is_some() {
        return Whom::Over;
    }
    if selector.balancer().is_some() {
        return Whom::Balanced;
    }
    let directory = router.directory();
    let group = directory.group(&selector.interest);
    if let Some(pid) = selector.pid {
        // Looked at before what it stands for: whatever changes meanwhile makes another.
        let version = group.version();
        if pid.node == router.key && group.find(pid).is_none() {
            let cell = router.spawned_here(selector, pid).ok().flatten();
            let way = cell.map_or(Way::New, |cell| here(kind, target, &cell));
            return Whom::Direct { group, version, way };
        }
        if pid.node != router.key && group.find(pid).is_none() {
            let group = directory.node_group(pid.node.id);
            let version = group.version();
            let instance = router.unlisted(selector).and_then(|pid| router.direct(selector, pid, &[]).ok());
            let way = instance.map_or(Way::New, |instance| way(kind, target, &Arc::new(instance)));
            return Whom::Direct { group, version, way };
        }
    }
    Whom::Listed(Kept::new(group, &terms(kind, target)))
}

/// The way to an instance. There is none if it does not know the method, or differently: what is then to be said, is found out
/// elsewhere.
#[cold]
fn way(kind: &MethodKind, target: &Target, instance: &Arc<Instance>) -> Way {
    match &instance.cell {
        Some(cell) => here(kind, target, cell),
        None => Away::find(kind, target, Arc::clone(instance)).map_or(Way::New, Way::Away),
    }
}

fn here(kind: &MethodKind, target: &Target, cell: &Arc<dyn AnyCell>) -> Way {
    let port = cell.port(target.id_of(kind.info));
    port.map_or(Way::New, |(_, port, index)| Way::Here(Found::new(cell, (port, index))))
}
