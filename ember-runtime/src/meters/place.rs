//! Where a service, or one of its workers, shows which handler of it waits for something: a few stores, without a lock, and only where a handler waits.

use std::{
    sync::{
        Arc, Mutex, OnceLock, Weak,
        atomic::{AtomicU32, AtomicU64, Ordering, fence},
    },
    time::Duration,
};

use tokio::time::Instant;

use crate::{
    id::{Incarnation, NodeId, NodeKey, Pid},
    sync::lock,
};

/// Whoever runs the service writes, and nobody else; anybody reads.
#[derive(Debug)]
pub(crate) struct WaitPlace {
    pid: Pid,
    /// How often something was written, twice: odd while something is.
    version: AtomicU64,
    /// The number of the work; 0 if none waits.
    work: AtomicU32,
    /// In nanoseconds since this process first asked.
    since: AtomicU64,
    /// Who made the call.
    caller: Who,
    /// Whose answer it waited for when it was looked after last.
    callee: Who,
}

/// A service, or only its node: the number, the node, and which run of it. All of it 0 for nobody.
#[derive(Debug, Default)]
struct Who([AtomicU64; 3]);

impl Who {
    #[inline]
    fn set(&self, who: Option<(NodeKey, u64)>) {
        let parts = who.map_or([0; 3], |(node, number)| [number, node.id.0, node.incarnation.0]);
        for (place, part) in self.0.iter().zip(parts) {
            place.store(part, Ordering::Relaxed);
        }
    }

    #[inline]
    fn is_somebody(&self) -> bool {
        self.0[1].load(Ordering::Relaxed) != 0
    }

    fn get(&self) -> Option<(NodeKey, u64)> {
        let [number, id, run] = self.0.each_ref().map(|part| part.load(Ordering::Relaxed));
        (id != 0).then_some((NodeKey { id: NodeId(id), incarnation: Incarnation(run) }, number))
    }
}

/// A handler that waits for something, or is at work again after it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Waiting {
    pub(crate) pid: Pid,
    pub(crate) work: u32,
    /// For how long it has, since it first waited.
    pub(crate) for_: Duration,
    /// Who made the call, and for which of its services, if for one.
    pub(crate) caller: Option<(NodeKey, u64)>,
    /// Whose answer it waits for, if it waits for one.
    pub(crate) callee: Option<(NodeKey, u64)>,
}

impl WaitPlace {
    fn new(pid: Pid) -> Self {
        let (version, work, since) = (AtomicU64::new(0), AtomicU32::new(0), AtomicU64::new(0));
        Self { pid, version, work, since, caller: Who::default(), callee: Who::default() }
    }

    /// A handler waits for the first time.
    #[inline]
    pub(crate) fn begin(&self, work: u32, caller: Option<(NodeKey, u64)>) {
        self.write(|| {
            self.since.store(now(), Ordering::Relaxed);
            self.caller.set(caller);
            self.work.store(work, Ordering::Relaxed);
        });
    }

    /// The handler waits for the answer of this service.
    #[inline]
    pub(crate) fn calls(&self, callee: Pid) {
        self.write(|| self.callee.set(Some((callee.node, callee.number))));
    }

    /// The handler goes on: whose answers it waits for then, is seen then.
    #[inline]
    pub(crate) fn goes_on(&self) {
        if self.callee.is_somebody() {
            self.write(|| self.callee.set(None));
        }
    }

    /// Its handler has ended, or is dropped.
    #[inline]
    pub(crate) fn end(&self) {
        if self.waits() {
            self.write(|| self.work.store(0, Ordering::Relaxed));
        }
    }

    /// Whether a handler has waited. For whoever writes.
    #[inline]
    pub(crate) fn waits(&self) -> bool {
        self.work.load(Ordering::Relaxed) != 0
    }

    #[inline]
    fn write(&self, write: impl FnOnce()) {
        let version = self.version.load(Ordering::Relaxed);
        self.version.store(version.wrapping_add(1), Ordering::Relaxed);
        fence(Ordering::Release);
        write();
        self.version.store(version.wrapping_add(2), Ordering::Release);
    }

    /// What it shows. Nothing, if that changes just now: then it has not waited for long.
    fn look(&self) -> Option<Waiting> {
        let version = self.version.load(Ordering::Acquire);
        let work = self.work.load(Ordering::Relaxed);
        let since = self.since.load(Ordering::Relaxed);
        let (caller, callee) = (self.caller.get(), self.callee.get());
        fence(Ordering::Acquire);
        let is_whole = version.is_multiple_of(2) && self.version.load(Ordering::Relaxed) == version;
        if !is_whole || work == 0 {
            return None;
        }
        let for_ = Duration::from_nanos(now().saturating_sub(since));
        Some(Waiting { pid: self.pid, work, for_, caller, callee })
    }
}

fn now() -> u64 {
    static FIRST: OnceLock<Instant> = OnceLock::new();
    Instant::now().saturating_duration_since(*FIRST.get_or_init(Instant::now)).as_nanos() as u64
}

/// Those of one node.
#[derive(Debug, Default)]
pub(crate) struct WaitPlaces(Mutex<Places>);

#[derive(Debug, Default)]
struct Places {
    all: Vec<Weak<WaitPlace>>,
    /// With so many, those that have gone are forgotten.
    full: usize,
}

/// With fewer nobody looks whether some have gone.
const FEW: usize = 64;

impl WaitPlaces {
    /// One more, of a service that begins.
    pub(crate) fn add(&self, pid: Pid) -> Arc<WaitPlace> {
        let place = Arc::new(WaitPlace::new(pid));
        let mut places = lock(&self.0);
        if places.all.len() >= places.full.max(FEW) {
            places.all.retain(|place| place.strong_count() > 0);
            places.full = places.all.len() * 2;
        }
        places.all.push(Arc::downgrade(&place));
        place
    }

    /// All handlers that wait, in no order.
    pub(crate) fn waiting(&self) -> Vec<Waiting> {
        let all: Vec<_> = lock(&self.0).all.iter().filter_map(Weak::upgrade).collect();
        all.iter().filter_map(|place| place.look()).collect()
    }
}

#[cfg(all(test, feature = "telemetry"))]
mod tests {
    use super::*;

    const NODE: NodeKey = NodeKey { id: NodeId(7), incarnation: Incarnation(9) };

    fn pid(number: u64) -> Pid {
        Pid { node: NODE, number }
    }

    #[test]
    fn what_waits_is_shown_until_it_has_ended() {
        let places = WaitPlaces::default();
        let (one, other) = (places.add(pid(1)), places.add(pid(2)));
        assert_eq!(places.waiting(), []);
        one.begin(5, Some((NODE, 2)));
        other.begin(6, None);
        let mut waiting = places.waiting();
        waiting.sort_by_key(|it| it.pid);
        let seen: Vec<_> = waiting.iter().map(|it| (it.pid, it.work, it.caller)).collect();
        assert_eq!(seen, [(pid(1), 5, Some((NODE, 2))), (pid(2), 6, None)]);
        one.calls(pid(3));
        let callee = |places: &WaitPlaces| places.waiting().iter().find_map(|it| it.callee);
        assert_eq!(callee(&places), Some((NODE, 3)));
        one.goes_on();
        assert_eq!(callee(&places), None);
        one.end();
        drop(other);
        assert_eq!(places.waiting(), []);
    }

    #[test]
    fn places_of_services_that_have_gone_are_forgotten() {
        let places = WaitPlaces::default();
        let kept: Vec<_> = (0..10).map(|number| places.add(pid(number))).collect();
        (0..10_000).for_each(|number| drop(places.add(pid(number))));
        assert!(lock(&places.0).all.len() <= FEW, "{}", lock(&places.0).all.len());
        kept[3].begin(1, None);
        assert_eq!(places.waiting().len(), 1);
    }

    #[test]
    fn whoever_looks_while_another_writes_sees_what_belongs_together() {
        let places = WaitPlaces::default();
        let place = places.add(pid(1));
        let ends = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for number in 1..200_000 {
                    let key = NodeKey { id: NodeId(number), incarnation: Incarnation(number) };
                    place.begin(number as u32, Some((key, number)));
                    place.end();
                }
                ends.store(true, Ordering::Relaxed);
            });
            while !ends.load(Ordering::Relaxed) {
                for it in places.waiting() {
                    let (key, number) = it.caller.expect("each has one");
                    assert_eq!((key.id.0, key.incarnation.0, it.work), (number, number, number as u32));
                }
            }
        });
    }
}
