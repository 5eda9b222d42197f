//! Who calls: every call has an id, and a place in the list of outcomes from before it is made.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use ember::{CallError, LostReason, Node};
use ember_tests::faults::{Outcome, Record};
use tokio::time::{Instant, sleep};

use crate::book::{Book, BookClient};

/// Longer than any fault of a test.
const LONG: Duration = Duration::from_secs(25);

#[derive(Clone)]
pub(crate) struct Calls(Arc<Inner>);

struct Inner {
    node: Node,
    made: Mutex<Vec<Record>>,
    /// Grows when the steady calls shall end.
    round: AtomicU64,
}

impl Calls {
    pub(crate) fn new(node: Node) -> Self {
        Self(Arc::new(Inner { node, made: Mutex::default(), round: AtomicU64::new(0) }))
    }

    /// Calls the instance of this node; the place of its outcome.
    pub(crate) fn own(&self, id: &str, work: u64, timeout: Duration) -> usize {
        let (place, calls, id) = (self.enter(id), self.clone(), id.to_owned());
        tokio::spawn(async move {
            let since = Instant::now();
            let outcome = calls.0.node.local::<Book>().rpc_act(id, work).timeout(timeout).await;
            calls.ended(place, outcome, since);
        });
        place
    }

    /// Calls the master, again and again.
    pub(crate) fn steady(&self) {
        let round = self.0.round.load(Ordering::Relaxed);
        for lane in 0..2 {
            let calls = self.clone();
            tokio::spawn(async move {
                let client = calls.0.node.client::<BookClient>();
                for number in 0.. {
                    if calls.0.round.load(Ordering::Relaxed) != round {
                        return;
                    }
                    let id = format!("{}.{round}.{lane}.{number}", calls.0.node.name());
                    let (place, since) = (calls.enter(&id), Instant::now());
                    let outcome = client.rpc_act(id, 0).timeout(LONG).await;
                    calls.ended(place, outcome, since);
                    // tidy: sleep: a pause between calls, so that the list stays short
                    sleep(Duration::from_millis(5)).await;
                }
            });
        }
    }

    /// Ends the steady calls, each after the call under way.
    pub(crate) fn stop(&self) {
        self.0.round.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn outcomes(&self) -> Vec<Record> {
        self.lock().clone()
    }

    fn enter(&self, id: &str) -> usize {
        let mut made = self.lock();
        made.push(Record { id: id.to_owned(), outcome: Outcome::Pending, took_ms: 0 });
        made.len() - 1
    }

    fn ended(&self, place: usize, outcome: Result<String, CallError>, since: Instant) {
        let outcome = match outcome {
            Ok(by) => Outcome::Done(by),
            Err(CallError::NotExecuted(why)) => Outcome::NotExecuted(why.to_string()),
            Err(CallError::MaybeExecuted(why)) => match why.reason() {
                LostReason::Deposed { .. } => Outcome::MaybeExecuted("deposed".into()),
                _ => Outcome::MaybeExecuted(why.to_string()),
            },
            Err(CallError::App(never)) => match never {},
        };
        let took_ms = since.elapsed().as_millis() as u64;
        let record = &mut self.lock()[place];
        (record.outcome, record.took_ms) = (outcome, took_ms);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Record>> {
        self.0.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
