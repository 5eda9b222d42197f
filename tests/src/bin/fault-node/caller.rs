//! Who calls: every call has an id, and a place in the list of outcomes from before it is made.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use ember::{CallError, Node};
use ember_tests::faults::{ANY, Outcome, Record, Summary};
use tokio::time::{Instant, sleep};

use crate::{service::CounterClient, shards::ShelfClient};

#[derive(Clone)]
pub(crate) struct Caller(Arc<Inner>);

struct Inner {
    node: Node,
    calls: Mutex<Vec<Record>>,
    /// Grows when the steady calls shall end.
    round: AtomicU64,
}

impl Caller {
    pub(crate) fn new(node: Node) -> Self {
        Self(Arc::new(Inner { node, calls: Mutex::default(), round: AtomicU64::new(0) }))
    }

    /// Makes calls all at once.
    pub(crate) fn burst(&self, count: u64, to: &str, work: u64, timeout: u64) {
        for _ in 0..count {
            let client = self.client(to);
            let caller = self.clone();
            tokio::spawn(async move { caller.call(&client, work, timeout).await });
        }
    }

    /// Makes one call with an argument of so many bytes.
    pub(crate) fn large(&self, bytes: u64, to: &str, timeout: u64) {
        let (client, caller) = (self.client(to), self.clone());
        tokio::spawn(async move {
            let (place, id) = caller.enter();
            let started = Instant::now();
            let outcome = client.rpc_take(id, vec![7; bytes as usize]).timeout(Duration::from_millis(timeout)).await;
            caller.ended(place, outcome, started);
        });
    }

    /// Makes calls one after the other, in each of several lanes.
    pub(crate) fn steady(&self, lanes: u64, to: &str, pause: u64, timeout: u64) {
        let round = self.0.round.load(Ordering::Relaxed);
        for _ in 0..lanes {
            let client = self.client(to);
            let caller = self.clone();
            tokio::spawn(async move {
                while caller.0.round.load(Ordering::Relaxed) == round {
                    caller.call(&client, 0, timeout).await;
                    // tidy: sleep: the pause between calls that the test asked for
                    sleep(Duration::from_millis(pause)).await;
                }
            });
        }
    }

    /// Makes calls for keys, for each one after the other.
    pub(crate) fn keys(&self, keys: u64, work: u64, timeout: u64) {
        let round = self.0.round.load(Ordering::Relaxed);
        for key in 0..keys {
            let (client, caller) = (self.0.node.client::<ShelfClient>(), self.clone());
            tokio::spawn(async move {
                while caller.0.round.load(Ordering::Relaxed) == round {
                    let (place, id) = caller.enter_with(&format!("/{key}"));
                    let started = Instant::now();
                    let outcome = client.rpc_put(key, id, work).timeout(Duration::from_millis(timeout)).await;
                    caller.ended(place, outcome, started);
                }
            });
        }
    }

    /// Sends one-way calls; how many were taken.
    pub(crate) fn send(&self, count: u64, to: &str) -> u64 {
        let client = self.client(to);
        let mut taken = 0;
        for _ in 0..count {
            let (place, id) = self.enter();
            let outcome = match client.rpc_note(id).send() {
                Ok(()) => Outcome::Sent,
                Err(error) => Outcome::NotExecuted(error.refused.to_string()),
            };
            taken += u64::from(matches!(outcome, Outcome::Sent));
            self.lock()[place].outcome = outcome;
        }
        taken
    }

    /// Ends the steady calls, each after the call under way.
    pub(crate) fn stop(&self) {
        self.0.round.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn outcomes(&self) -> Vec<Record> {
        self.lock().clone()
    }

    pub(crate) fn summary(&self) -> Summary {
        let mut summary = Summary::default();
        for record in &*self.lock() {
            match &record.outcome {
                Outcome::Pending => summary.pending += 1,
                Outcome::Done(by) => *summary.done.entry(by.clone()).or_default() += 1,
                Outcome::NotExecuted(why) => {
                    summary.not_executed += 1;
                    summary.last_error.clone_from(why);
                }
                Outcome::MaybeExecuted(why) => {
                    summary.maybe_executed += 1;
                    summary.last_error.clone_from(why);
                }
                Outcome::Sent => summary.sent += 1,
            }
            summary.slowest_ms = summary.slowest_ms.max(record.took_ms);
        }
        let view = self.0.node.view();
        summary.in_flight = view.instances().iter().map(|it| it.in_flight()).sum();
        summary
    }

    async fn call(&self, client: &CounterClient, work: u64, timeout: u64) {
        let (place, id) = self.enter();
        let started = Instant::now();
        let outcome = client.rpc_count(id, work).timeout(Duration::from_millis(timeout)).await;
        self.ended(place, outcome, started);
    }

    fn ended(&self, place: usize, outcome: Result<String, CallError>, started: Instant) {
        let outcome = match outcome {
            Ok(by) => Outcome::Done(by),
            Err(CallError::NotExecuted(why)) => Outcome::NotExecuted(why.to_string()),
            Err(CallError::MaybeExecuted(why)) => Outcome::MaybeExecuted(why.to_string()),
            Err(CallError::App(never)) => match never {},
        };
        let took_ms = started.elapsed().as_millis() as u64;
        let record = &mut self.lock()[place];
        (record.outcome, record.took_ms) = (outcome, took_ms);
    }

    fn client(&self, to: &str) -> CounterClient {
        let select = self.0.node.select::<CounterClient>();
        match to.strip_prefix("pid:") {
            // The one that the view lists now; it stays that one.
            Some(id) => {
                let listed = select.clone().id(id).instances();
                select.pid(listed.first().expect("a service that is listed").pid()).client()
            }
            None if to == ANY => select.client(),
            None => select.id(to).client(),
        }
    }

    /// A place in the list, and an id that no other call has.
    fn enter(&self) -> (usize, String) {
        self.enter_with("")
    }

    /// The same with an id that ends so.
    fn enter_with(&self, end: &str) -> (usize, String) {
        let mut calls = self.lock();
        let place = calls.len();
        let id = format!("{}.{place}{end}", self.0.node.key());
        calls.push(Record { id: id.clone(), outcome: Outcome::Pending, took_ms: 0 });
        (place, id)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Record>> {
        self.0.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
