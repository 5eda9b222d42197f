//! What a selector matches, kept: choosing costs the same however many there are, and keeping up costs what has changed.

use std::{cmp::Ordering, sync::Arc};

use super::{
    choose::{self, Terms},
    group::Group,
    instance::Instance,
    selecting::Choice,
};
use crate::{directory::breakers::BreakerState, id::Pid, rng::Rng};

/// The set in which nobody is.
const NONE: usize = 3;

/// Those that a selector's calls go to, in the order in which they are preferred. The key of [`Choice::ByKey`] plays no part: it
/// is looked at with each call.
#[derive(Debug)]
pub(crate) struct Kept<T> {
    group: Arc<Group>,
    /// Of the group.
    version: u64,
    /// Those on this node, if they go first; all others; those that are suspect; none. Each ordered by pid.
    sets: [Vec<Entry<T>>; 4],
    /// The first that is not empty, or the last.
    used: usize,
    /// How many of each set are behind a breaker that is half-open.
    half_open: [usize; 4],
    /// The last key that was looked for, and where.
    keyed: Option<(u64, usize)>,
}

/// One of them, and what is remembered of it.
#[derive(Debug)]
pub(crate) struct Entry<T> {
    pub(crate) instance: Arc<Instance>,
    pub(crate) remembered: T,
    seed: u64,
}

/// How [`Kept`] kept up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Renewed {
    /// By looking at so many that had changed.
    Changes(usize),
    /// By looking at all.
    All,
}

impl<T: Default> Kept<T> {
    pub(crate) fn new(group: Arc<Group>, terms: &Terms<'_>) -> Self {
        let mut kept = Self { group, version: 0, sets: Default::default(), used: 0, half_open: [0; 4], keyed: None };
        kept.look_at_all(terms);
        kept
    }

    /// Whether nothing has changed since.
    #[inline]
    pub(crate) fn is_current(&self) -> bool {
        self.version == self.group.version()
    }

    /// Takes up what has changed. What is remembered of the others stays.
    #[cold]
    pub(crate) fn renew(&mut self, terms: &Terms<'_>) -> Renewed {
        let group = Arc::clone(&self.group);
        let members = group.read();
        let Some(changed) = members.changed_since(self.version) else {
            drop(members);
            self.look_at_all(terms);
            return Renewed::All;
        };
        let mut count = 0;
        for pid in changed {
            self.put(pid, members.find(pid), terms);
            count += 1;
        }
        self.version = members.version();
        self.settle();
        Renewed::Changes(count)
    }

    fn look_at_all(&mut self, terms: &Terms<'_>) {
        (self.sets, self.half_open) = Default::default();
        let group = Arc::clone(&self.group);
        let members = group.read();
        let mut add = |instance: &Arc<Instance>| {
            if let Some(set) = set_of(instance, terms) {
                self.half_open[set] += is_half_open(instance);
                self.sets[set].push(Entry::new(instance));
            }
        };
        match terms.selector.pid {
            Some(pid) => members.find(pid).into_iter().for_each(add),
            None => members.iter().for_each(&mut add),
        }
        self.version = members.version();
        self.settle();
    }

    fn put(&mut self, pid: Pid, instance: Option<&Arc<Instance>>, terms: &Terms<'_>) {
        let belongs = instance.and_then(|it| Some((set_of(it, terms)?, it)));
        for (number, (set, half_open)) in self.sets.iter_mut().zip(&mut self.half_open).enumerate() {
            let place = find(set, pid);
            *half_open -= place.map_or(0, |place| is_half_open(&set[place].instance));
            *half_open += belongs.filter(|(to, _)| *to == number).map_or(0, |(_, instance)| is_half_open(instance));
            match (place, belongs.filter(|(to, _)| *to == number)) {
                (Ok(place), Some((_, instance))) if Arc::ptr_eq(&set[place].instance, instance) => {}
                (Ok(place), Some((_, instance))) => set[place] = Entry::new(instance),
                (Err(place), Some((_, instance))) => set.insert(place, Entry::new(instance)),
                (Ok(place), None) => drop(set.remove(place)),
                (Err(_), None) => {}
            }
        }
    }

    fn settle(&mut self) {
        self.used = self.sets.iter().position(|set| !set.is_empty()).unwrap_or(NONE);
        self.keyed = None;
    }

    /// One of them: whom [`choose`](choose::choose) would choose. It takes a turn where there is a choice to be made in turn. None also
    /// if that is one behind a breaker that is half-open, or may be: who is its probe, is found out elsewhere.
    #[inline]
    pub(crate) fn pick(&mut self, choice: &Choice, turn: impl FnOnce() -> usize, rng: &Rng) -> Option<&mut Entry<T>> {
        let (set, all_closed) = (&mut self.sets[self.used], self.half_open[self.used] == 0);
        if let [_] = **set {
            return set.first_mut().filter(|_| all_closed);
        }
        let place = match choice {
            Choice::RoundRobin | Choice::LocalFirst => {
                let places = set.len();
                if places == 0 {
                    return None;
                }
                turn() % places
            }
            // Drawn again elsewhere it would hardly ever be the one that needs a probe.
            Choice::Random | Choice::LeastInFlight if !all_closed => return None,
            Choice::Random => rng.below(set.len()),
            Choice::LeastInFlight => choose::less(set.len(), rng, |place| set[place].instance.in_flight())?,
            Choice::ByKey(key) => match self.keyed {
                Some((known, place)) if known == *key => place,
                _ => {
                    let place = choose::heaviest(*key, set.iter().map(|it| (it.seed, it.instance.pid)))?;
                    self.keyed = Some((*key, place));
                    place
                }
            },
            // Its balancer is asked elsewhere, each time; here it is exactly one, or none.
            Choice::Named(_) => return None,
        };
        set.get_mut(place).filter(|entry| all_closed || is_half_open(&entry.instance) == 0)
    }
}

impl<T: Default> Entry<T> {
    fn new(instance: &Arc<Instance>) -> Self {
        Self { seed: choose::seed(instance.pid), instance: Arc::clone(instance), remembered: T::default() }
    }
}

/// 1 if it is behind a breaker that is half-open.
fn is_half_open(instance: &Instance) -> usize {
    usize::from(instance.breaker == BreakerState::HalfOpen)
}

/// Where an instance belongs, if anywhere.
fn set_of(instance: &Instance, terms: &Terms<'_>) -> Option<usize> {
    let usable = terms.takes(instance) && instance.breaker != BreakerState::Open && terms.selector.matches(instance);
    usable.then(|| if instance.suspect { 2 } else { usize::from(!terms.prefers(instance)) })
}

fn find<T>(set: &[Entry<T>], pid: Pid) -> Result<usize, usize> {
    // Most often it is a new one, whose number is the highest.
    match set.last() {
        Some(last) if last.instance.pid.cmp(&pid) == Ordering::Less => Err(set.len()),
        _ => set.binary_search_by_key(&pid, |entry| entry.instance.pid),
    }
}
