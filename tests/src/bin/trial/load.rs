//! Calls at a rate, whether or not the earlier ones have ended, with the settings that a client has by itself.

use std::{
    collections::BTreeMap,
    fmt::Debug,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use ember::{CallError, Node};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::{counter::CounterClient, ledger::LedgerClient};

/// Calls of one kind from one node.
#[derive(Clone)]
pub(crate) struct Load(Arc<Inner>);

struct Inner {
    node: Node,
    to: To,
    made: Mutex<Made>,
    /// Grows when calls shall end.
    round: AtomicU64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum To {
    Counter,
    Ledger,
}

/// What became of a call.
pub(crate) const PENDING: u8 = b'.';
pub(crate) const DONE: u8 = b'D';
pub(crate) const NOT_EXECUTED: u8 = b'N';
pub(crate) const MAYBE_EXECUTED: u8 = b'M';
pub(crate) const FENCED: u8 = b'F';

#[derive(Default)]
struct Made {
    outcomes: Vec<u8>,
    /// All before it have ended.
    ended: usize,
    counts: Counts,
}

/// Calls in numbers.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Counts {
    pub(crate) made: usize,
    /// As many of the first have all ended.
    pub(crate) ended: usize,
    pub(crate) done: u64,
    pub(crate) not_executed: u64,
    /// Those that were fenced among them.
    pub(crate) maybe_executed: u64,
    /// Since they were counted last: the slowest, in milliseconds.
    pub(crate) slowest_ms: u64,
    /// Since then: who answered.
    pub(crate) by: BTreeMap<String, u64>,
    /// Since then: the classes and reasons of those that failed.
    pub(crate) why: BTreeMap<String, u64>,
}

impl Counts {
    /// Calls without a value.
    pub(crate) fn failed(&self) -> u64 {
        self.not_executed + self.maybe_executed
    }
}

impl Load {
    pub(crate) fn new(node: &Node, to: To) -> Self {
        let (made, round) = (Mutex::default(), AtomicU64::new(0));
        Self(Arc::new(Inner { node: node.clone(), to, made, round }))
    }

    /// What the ids of its calls begin with.
    pub(crate) fn prefix(&self) -> String {
        format!("{:?}-{}", self.0.to, self.0.node.key())
    }

    /// Makes so many calls a second, until it is stopped.
    pub(crate) fn start(&self, rate: u64) {
        let (load, round) = (self.clone(), self.0.round.load(Ordering::Relaxed));
        tokio::spawn(async move {
            let mut ticks = interval(Duration::from_millis(1));
            ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
            let (begun, mut made) = (Instant::now(), 0);
            while load.0.round.load(Ordering::Relaxed) == round {
                ticks.tick().await;
                let due = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX) * rate / 1_000_000;
                // A process that stood still does not make up for it.
                made = made.max(due.saturating_sub(rate));
                while made < due {
                    made += 1;
                    let load = load.clone();
                    tokio::spawn(async move { load.call().await });
                }
            }
        });
    }

    /// Makes no more.
    pub(crate) fn stop(&self) {
        self.0.round.fetch_add(1, Ordering::Relaxed);
    }

    /// In numbers; some of them begin anew.
    pub(crate) fn counts(&self) -> Counts {
        let mut made = self.lock();
        made.ended += made.outcomes[made.ended..].iter().take_while(|it| **it != PENDING).count();
        let counts = Counts { made: made.outcomes.len(), ended: made.ended, ..made.counts.clone() };
        (made.counts.slowest_ms, made.counts.by, made.counts.why) = Default::default();
        counts
    }

    /// What became of each.
    pub(crate) fn outcomes(&self) -> String {
        String::from_utf8_lossy(&self.lock().outcomes).into_owned()
    }

    async fn call(&self) {
        let number = {
            let mut made = self.lock();
            made.outcomes.push(PENDING);
            made.outcomes.len() - 1
        };
        let (id, begun) = (format!("{}.{number}", self.prefix()), Instant::now());
        match self.0.to {
            To::Counter => {
                let outcome = self.0.node.client::<CounterClient>().rpc_count(id, 0).await;
                self.ended(number, outcome, begun);
            }
            To::Ledger => {
                let outcome = self.0.node.client::<LedgerClient>().rpc_act(id, 0).await;
                self.ended(number, outcome, begun);
            }
        }
    }

    fn ended<E: Debug>(&self, number: usize, outcome: Result<String, CallError<E>>, begun: Instant) {
        let took = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let mut made = self.lock();
        let Made { outcomes, counts, .. } = &mut *made;
        counts.slowest_ms = counts.slowest_ms.max(took);
        let (outcome, why) = match outcome {
            Ok(by) => {
                counts.done += 1;
                *counts.by.entry(by).or_default() += 1;
                (DONE, None)
            }
            Err(CallError::App(_)) => {
                counts.maybe_executed += 1;
                (FENCED, Some("Fenced".to_owned()))
            }
            Err(CallError::NotExecuted(refused)) => {
                counts.not_executed += 1;
                (NOT_EXECUTED, Some(format!("NotExecuted({})", variant(refused.reason()))))
            }
            Err(CallError::MaybeExecuted(lost)) => {
                counts.maybe_executed += 1;
                (MAYBE_EXECUTED, Some(format!("MaybeExecuted({})", variant(lost.reason()))))
            }
        };
        outcomes[number] = outcome;
        if let Some(why) = why {
            *counts.why.entry(why).or_default() += 1;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Made> {
        self.0.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The name of a variant, without what is in it.
pub(crate) fn variant(reason: &impl Debug) -> String {
    let text = format!("{reason:?}");
    text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_owned()
}
