//! What a selector matches, kept: choosing costs the same however many there are, and keeping up costs what has changed.

use std::{cmp::Ordering, sync::Arc};

use super::{
    choose::{self, Terms},
    group::Group,
    instance::Instance,
    selecting::Choice,
    weights::{load, round},
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
    /// How many of each set have another weight than 1.
    weighted: [usize; 4],
    /// Who of the used set has each turn of a round, once it was asked for: nobody if that is not kept.
    round: Option<Box<[u32]>>,
    /// Where the one is, if it is behind such a breaker, that chance has chosen last: it is not drawn again who is its probe.
    drawn: Option<usize>,
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
        let (sets, half_open, weighted) = Default::default();
        let mut kept =
            Self { group, version: 0, sets, used: 0, half_open, weighted, round: None, drawn: None, keyed: None };
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
        (self.sets, self.half_open, self.weighted) = Default::default();
        let group = Arc::clone(&self.group);
        let members = group.read();
        let mut add = |instance: &Arc<Instance>| {
            if let Some(set) = set_of(instance, terms) {
                self.half_open[set] += is_half_open(instance);
                self.weighted[set] += is_weighted(instance);
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
        let counts = self.half_open.iter_mut().zip(&mut self.weighted);
        for (number, (set, (half_open, weighted))) in self.sets.iter_mut().zip(counts).enumerate() {
            let (place, comes) = (find(set, pid), belongs.filter(|(to, _)| *to == number));
            if let Ok(place) = place {
                *half_open -= is_half_open(&set[place].instance);
                *weighted -= is_weighted(&set[place].instance);
            }
            if let Some((_, instance)) = comes {
                *half_open += is_half_open(instance);
                *weighted += is_weighted(instance);
            }
            match (place, comes) {
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
        (self.keyed, self.drawn, self.round) = (None, None, None);
    }

    /// One of them: whom [`choose`](choose::choose) would choose. It takes a turn where there is a choice to be made in turn. None also
    /// if that is one behind a breaker that is half-open, or may be: who is its probe, is found out elsewhere.
    #[inline]
    pub(crate) fn pick(&mut self, choice: &Choice, turn: impl FnOnce() -> usize, rng: &Rng) -> Option<&mut Entry<T>> {
        let (set, all_closed) = (&mut self.sets[self.used], self.half_open[self.used] == 0);
        let uneven = self.weighted[self.used] > 0;
        if let [_] = **set {
            return set.first_mut().filter(|_| all_closed);
        }
        let place = match choice {
            Choice::RoundRobin | Choice::LocalFirst => {
                let places = set.len();
                if places == 0 {
                    return None;
                }
                if uneven { turn_of(set, &mut self.round, turn())? } else { turn() % places }
            }
            // The next call is the probe.
            _ if self.drawn.is_some() => return None,
            Choice::Random => choose::at_random(rng, set.len(), uneven, |place| set[place].instance.weight)?,
            Choice::LeastInFlight => choose::less(set.len(), rng, |place| set[place].load(Instance::in_flight))?,
            Choice::LeastBusy => choose::less(set.len(), rng, |place| set[place].load(Instance::busy))?,
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
        let entry = set.get_mut(place)?;
        if all_closed || is_half_open(&entry.instance) == 0 {
            return Some(entry);
        }
        self.drawn = matches!(choice, Choice::Random | Choice::LeastInFlight | Choice::LeastBusy).then_some(place);
        None
    }

    /// The one that chance has chosen and [`pick`](Self::pick) has not given, because its breaker is half-open. It is for one call.
    pub(crate) fn take_drawn(&mut self) -> Option<&Arc<Instance>> {
        let place = self.drawn.take()?;
        self.sets[self.used].get(place).map(|entry| &entry.instance)
    }
}

impl<T: Default> Entry<T> {
    fn new(instance: &Arc<Instance>) -> Self {
        Self { seed: choose::seed(instance.pid), instance: Arc::clone(instance), remembered: T::default() }
    }
}

impl<T> Entry<T> {
    fn load(&self, of: impl FnOnce(&Instance) -> usize) -> u64 {
        load(of(&self.instance), self.instance.weight)
    }
}

/// The place whose turn it is, by weight.
#[inline(never)]
fn turn_of<T>(set: &[Entry<T>], kept: &mut Option<Box<[u32]>>, turn: usize) -> Option<usize> {
    let weight = |place: usize| set[place].instance.weight;
    let kept = kept.get_or_insert_with(|| round(set.len(), weight));
    match turn.checked_rem(kept.len()) {
        Some(turn) => kept.get(turn).map(|place| *place as usize),
        None => choose::in_turn(turn, set.len(), true, weight),
    }
}

/// 1 if it has another weight than 1.
fn is_weighted(instance: &Instance) -> usize {
    usize::from(instance.weight != 1)
}

/// 1 if it is behind a breaker that is half-open.
fn is_half_open(instance: &Instance) -> usize {
    usize::from(instance.breaker == BreakerState::HalfOpen)
}

/// Where an instance belongs, if anywhere.
fn set_of(instance: &Instance, terms: &Terms<'_>) -> Option<usize> {
    let is_closed = instance.breaker != BreakerState::Open;
    let usable = terms.takes(instance) && is_closed && terms.selector.matches(instance) && !terms.passes_over(instance);
    usable.then(|| if instance.suspect { 2 } else { usize::from(!terms.prefers(instance)) })
}

fn find<T>(set: &[Entry<T>], pid: Pid) -> Result<usize, usize> {
    // Most often it is a new one, whose number is the highest.
    match set.last() {
        Some(last) if last.instance.pid.cmp(&pid) == Ordering::Less => Err(set.len()),
        _ => set.binary_search_by_key(&pid, |entry| entry.instance.pid),
    }
}
