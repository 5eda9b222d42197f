//! Choices of the user's own: a selector names one, the node knows what the name does.

use std::{
    collections::BTreeMap,
    fmt,
    ops::Deref,
    sync::{Arc, OnceLock},
};

use super::{instance::Instance, nearest::nearest, selecting::Key};
use crate::{actor::Load, error::RefusedReason, panics, rng::Rng};

/// A choice of one's own among the instances that match a selector. [`NodeBuilder::balancer`](crate::node::NodeBuilder::balancer)
/// gives it a name, and [`Select::balance`](crate::call::Select::balance) uses it. Closures are balancers too.
///
/// It is asked anew for each call, on the node that calls and in the task that makes the call. So it has to be quick, and must
/// not block: the call waits for it, and whatever else its thread has to do. Nothing is locked meanwhile: it may look at
/// views. It may be asked from several threads at once. With what it keeps in itself it should be sparing; in a simulation it repeats as long as it decides by
/// what it is given, and by [`Candidates::random`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no balancer",
    label = "a balancer is expected here",
    note = "write a closure whose argument has its type, `|among: &Candidates<'_>| …`, and that returns `Option<usize>`, or `impl Balance` for a type"
)]
pub trait Balance: Send + Sync + 'static {
    /// The place of one of the candidates, less than their number; `None` if none of them is to have the call.
    ///
    /// With `None`, with a place that is none, and if it panics, that one call ends as `NotExecuted`, with
    /// [`RefusedReason::NotChosen`]; if an instance has refused the call before, with the reason of that one. The next call asks again.
    fn choose(&self, among: &Candidates<'_>) -> Option<usize>;
}

#[diagnostic::do_not_recommend]
impl<F: Fn(&Candidates<'_>) -> Option<usize> + Send + Sync + 'static> Balance for F {
    fn choose(&self, among: &Candidates<'_>) -> Option<usize> {
        self(among)
    }
}

/// Whom a call may go to: instances that pass the filters, take calls now, and have not refused this call. Those out of reach
/// are among them only if there are no others, and those of weight 0 never, unless they are named. There is at least one; they are ordered by their pids.
#[derive(Clone, Copy)]
pub struct Candidates<'a> {
    all: &'a [Candidate<'a>],
    key: Option<u64>,
    rng: &'a Rng,
}

/// An instance that a call may go to, as it was when its balancer was asked.
#[derive(Clone, Copy)]
pub struct Candidate<'a> {
    instance: &'a Instance,
    in_flight: usize,
    /// Seldom asked for, and not for nothing: on this node each shard is looked at.
    load: &'a OnceLock<Load>,
}

impl Candidate<'_> {
    /// How many calls of this node it owed a reply then: the same however often it is asked for one choice, where
    /// [`Instance::in_flight`] counts on.
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// How busy it is, as [`Instance::load`] says: on this node as it is, on another as that has said last. The same however often it
    /// is asked for one choice.
    pub fn load(&self) -> Load {
        *self.load.get_or_init(|| self.instance.load())
    }
}

impl Deref for Candidate<'_> {
    type Target = Instance;

    fn deref(&self) -> &Instance {
        self.instance
    }
}

impl fmt::Debug for Candidate<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.instance.fmt(f)
    }
}

impl<'a> Candidates<'a> {
    /// How many there are: 1 at least.
    #[allow(clippy::len_without_is_empty, reason = "there is always one")]
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// The one at a place.
    pub fn at(&self, place: usize) -> Option<Candidate<'a>> {
        self.all.get(place).copied()
    }

    /// All of them, in the order of their places.
    pub fn iter(&self) -> impl Iterator<Item = Candidate<'a>> + use<'a> {
        self.all.iter().copied()
    }

    /// The key that the contract of the call [names](crate::directory::Key::of), if it names one.
    pub fn key(&self) -> Option<Key> {
        self.key.map(Key)
    }

    /// A number in `0..bound` at random; `0` if `bound` is 0. It repeats where the node's random decisions do.
    pub fn random(&self, bound: usize) -> usize {
        self.rng.below(bound)
    }
}

impl fmt::Debug for Candidates<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.all).finish()
    }
}

/// What the names of a node's balancers do.
#[derive(Default)]
pub(crate) struct Balancers(BTreeMap<String, Box<dyn Balance>>);

impl Balancers {
    /// Whether the name was free.
    pub(crate) fn add(&mut self, name: String, balancer: Box<dyn Balance>) -> bool {
        let is_free = !self.0.contains_key(&name);
        self.0.entry(name).or_insert(balancer);
        is_free
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The place that the balancer of this name chooses; nobody is asked if there are none to choose from.
    ///
    /// # Errors
    /// There is no such balancer, or it has not chosen.
    pub(super) fn choose(
        &self,
        name: &str,
        instances: &[&Arc<Instance>],
        (key, rng): (Option<u64>, &Rng),
    ) -> Result<Option<usize>, RefusedReason> {
        let Some(balancer) = self.0.get(name) else { return Err(self.unknown(name)) };
        let count = instances.len();
        if count == 0 {
            return Ok(None);
        }
        let loads: Vec<OnceLock<Load>> = std::iter::repeat_with(OnceLock::new).take(count).collect();
        let candidates = instances.iter().zip(&loads);
        let all: Vec<_> =
            candidates.map(|(it, load)| Candidate { instance: it, in_flight: it.in_flight(), load }).collect();
        let why = match panics::attempt(|| balancer.choose(&Candidates { all: &all, key, rng })) {
            Ok(Some(place)) if place < count => return Ok(Some(place)),
            Ok(Some(place)) => format!("chose the place {place} of {count}: places are counted from 0"),
            Ok(None) => format!("chose none of {count}: it has to name a place for each call that is to be made"),
            Err(panic) => format!("panicked: {panic}"),
        };
        Err(RefusedReason::NotChosen(format!("the balancer {name:?} {why}")))
    }

    fn unknown(&self, name: &str) -> RefusedReason {
        let known: Vec<_> = self.names().map(|name| format!("{name:?}")).collect();
        let meant = nearest(name, self.names()).map(|close| format!(": did you mean {close:?}?")).unwrap_or_default();
        let known = if known.is_empty() { "it has none".to_owned() } else { format!("it has {}", known.join(", ")) };
        RefusedReason::NotChosen(format!(
            "this node has no balancer {name:?}{meant} ({known}): name one by `NodeBuilder::balancer({name:?}, …)`, on each node that \
             makes such calls"
        ))
    }
}
