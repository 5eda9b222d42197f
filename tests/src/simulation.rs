//! What the tests in a simulation share: a service whose effects are counted from outside, and callers whose outcomes are.
// tidy: virtual time

use std::{
    collections::BTreeMap,
    ops::RangeInclusive,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use ember::{prelude::*, testing::Cluster};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// With its value.
    Done,
    /// Certainly without effect.
    NotExecuted(String),
    /// Perhaps with its effect.
    MaybeExecuted(String),
}

#[derive(Debug, Default, Clone)]
struct Entry {
    caller: String,
    outcomes: Vec<(Outcome, Duration)>,
    effects: u32,
}

/// All calls of a simulation: what their callers were told, and what they did.
#[derive(Debug, Default, Clone)]
pub struct Book(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    calls: BTreeMap<u64, Entry>,
    order: Vec<(u64, bool)>,
}

/// How many calls ended how.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Sum {
    /// With a value.
    pub done: usize,
    /// Certainly without effect.
    pub not_executed: usize,
    /// Perhaps with effect.
    pub maybe_executed: usize,
    /// Without any outcome, as their callers were killed.
    pub open: usize,
    /// The time that the longest took.
    pub longest: Duration,
}

impl Book {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, caller: &str) -> u64 {
        let mut book = self.lock();
        let id = book.calls.len() as u64;
        book.calls.insert(id, Entry { caller: caller.into(), ..Entry::default() });
        id
    }

    fn ended(&self, id: u64, outcome: Outcome, after: Duration) {
        let mut book = self.lock();
        book.order.push((id, true));
        book.calls.entry(id).or_default().outcomes.push((outcome, after));
    }

    fn effect(&self, id: u64) {
        let mut book = self.lock();
        book.order.push((id, false));
        book.calls.entry(id).or_default().effects += 1;
    }

    /// Calls in the order of their effects (`false`) and ends (`true`).
    pub fn order(&self) -> Vec<(u64, bool)> {
        self.lock().order.clone()
    }

    /// What became of the calls from number `first` on. Panics where a promise was broken: a call has one outcome (none if
    /// its caller is in `killed`), one effect at most, none if it was not executed, one if it was done.
    pub fn check(&self, first: u64, killed: &[&str]) -> Sum {
        let mut sum = Sum::default();
        for (id, entry) in self.lock().calls.range(first..) {
            let Entry { caller, outcomes, effects } = entry;
            match outcomes.first() {
                None => {
                    assert!(killed.contains(&&**caller), "call {id} of {caller} has no outcome");
                    sum.open += 1;
                }
                Some((Outcome::Done, _)) => {
                    assert_eq!(*effects, 1, "call {id} of {caller} was done");
                    sum.done += 1;
                }
                Some((outcome @ Outcome::NotExecuted(_), _)) => {
                    assert_eq!(*effects, 0, "call {id} of {caller}: {outcome:?}");
                    sum.not_executed += 1;
                }
                Some((Outcome::MaybeExecuted(_), _)) => sum.maybe_executed += 1,
            }
            assert!(*effects <= 1, "call {id} of {caller} had {effects} effects");
            assert!(outcomes.len() <= 1, "call {id} of {caller} ended more than once: {outcomes:?}");
            sum.longest = sum.longest.max(outcomes.first().map_or(Duration::ZERO, |(_, after)| *after));
        }
        sum
    }

    /// The number of the next call.
    pub fn next(&self) -> u64 {
        self.lock().calls.len() as u64
    }

    /// The failures, for messages.
    pub fn failures(&self) -> Vec<(u64, Outcome)> {
        let book = self.lock();
        let all =
            book.calls.iter().flat_map(|(id, entry)| entry.outcomes.iter().map(|(outcome, _)| (*id, outcome.clone())));
        all.filter(|(_, outcome)| *outcome != Outcome::Done).collect()
    }
}

/// Writes into the book, which no crash takes away.
#[service]
#[derive(Debug)]
pub struct Ledger {
    book: Book,
    work: Duration,
}

#[rpc]
impl Ledger {
    /// Has its effect, then works for a while.
    pub async fn rpc_write(&mut self, id: u64) -> u64 {
        self.book.effect(id);
        sleep(self.work).await;
        id
    }
}

/// A cluster of callers without services and of servers with a ledger each.
pub fn cluster(seed: u64, book: &Book, callers: &[&str], servers: &[&str]) -> Cluster {
    let mut cluster = Cluster::seed(seed);
    for caller in callers {
        cluster = cluster.node(caller, |node| node);
    }
    for server in servers {
        let book = book.clone();
        let ledger = move || Ledger { book: book.clone(), work: Duration::from_millis(2) };
        cluster = cluster.node(server, move |node| node.service(ledger()));
    }
    cluster
}

/// Makes `count` calls from `node`, one every `pause`, without waiting for their ends; returns when all have ended.
pub async fn calls(node: Node, book: Book, count: u32, pause: Duration) {
    let client = node.client::<LedgerClient>();
    let mut running = JoinSet::new();
    for _ in 0..count {
        let (client, book, id) = (client.clone(), book.clone(), book.begin(node.name()));
        running.spawn(async move {
            let started = Instant::now();
            let outcome = match client.rpc_write(id).await {
                Ok(_) => Outcome::Done,
                Err(CallError::NotExecuted(why)) => Outcome::NotExecuted(why.to_string()),
                Err(CallError::MaybeExecuted(why)) => Outcome::MaybeExecuted(why.to_string()),
                Err(CallError::App(never)) => match never {},
            };
            book.ended(id, outcome, started.elapsed());
        });
        sleep(pause).await;
    }
    while let Some(ended) = running.join_next().await {
        assert!(ended.is_ok(), "a call panicked: {ended:?}");
    }
}

/// How much the tests that scale do: `EMBER_TEST_SCALE`, 1 by default.
pub fn scale() -> u64 {
    std::env::var("EMBER_TEST_SCALE").ok().and_then(|scale| scale.parse().ok()).unwrap_or(1)
}

/// The seeds of a run, as many as `usual`, if nothing else is said: `EMBER_PROVE='seed=7'` for one of them, `EMBER_PROVE_SEEDS=2000` or
/// `2001-4000` for so many, as for what `prove` runs.
///
/// # Panics
/// If what is said names no seeds.
pub fn seeds(usual: u64) -> RangeInclusive<u64> {
    let said = |name| std::env::var(name).ok();
    let number = |text: &str| text.trim().parse::<u64>().unwrap_or_else(|_| panic!("`{text}` is no number of seeds"));
    if let Some(one) = said("EMBER_PROVE") {
        let seed = one.split_whitespace().find_map(|word| word.strip_prefix("seed="));
        let seed = seed.map_or_else(|| panic!("`{one}` names no seed"), number);
        return seed..=seed;
    }
    match said("EMBER_PROVE_SEEDS") {
        Some(range) => range.split_once('-').map_or_else(|| 1..=number(&range), |(from, to)| number(from)..=number(to)),
        None => 1..=usual,
    }
}
