//! One process of the cluster: a service, and callers that call it everywhere.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use ember::{Choice, prelude::*};
use tokio::io::AsyncReadExt;

use crate::report::Report;

/// How many calls each member has under way at a time.
const CALLERS: i64 = 24;

/// Adds numbers, and says where.
#[service(name = "calculator")]
struct Calculator {
    node: String,
}

#[message]
#[derive(Debug)]
struct Sum {
    value: i64,
    by: String,
}

#[rpc]
impl Calculator {
    /// Adds two numbers, and takes its time.
    pub async fn rpc_sum(&mut self, a: i64, b: i64) -> Sum {
        tokio::time::sleep(Duration::from_millis(2)).await;
        Sum { value: a + b, by: self.node.clone() }
    }
}

pub(crate) async fn run(cluster: &str, name: &str) -> ember::Result<()> {
    let node = Node::builder()
        .name(name)
        .cluster(cluster)
        .registry(Embedded::default())
        .service(Calculator { node: name.into() })
        .start()
        .await?;
    let state = Arc::new(State::default());
    for seed in 0..CALLERS {
        tokio::spawn(Arc::clone(&state).call(node.clone(), seed));
    }
    let reporter = tokio::spawn(Arc::clone(&state).report(node.clone()));

    // The director closes our standard input when we shall end; if the director dies, that happens as well.
    let _ = tokio::io::stdin().read_to_end(&mut Vec::new()).await;
    reporter.abort();
    node.shutdown().await
}

#[derive(Default)]
struct State {
    report: Mutex<Report>,
    pending: AtomicI64,
}

impl State {
    fn note(&self, change: impl FnOnce(&mut Report)) {
        change(&mut self.report.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Calls some calculator, again and again.
    async fn call(self: Arc<Self>, node: Node, seed: i64) {
        let calculator = node.select::<CalculatorClient>().choice(Choice::Random).client();
        for n in seed.. {
            self.pending.fetch_add(1, Ordering::Relaxed);
            let outcome = calculator.rpc_sum(n, seed).await;
            self.pending.fetch_sub(1, Ordering::Relaxed);
            self.note(|report| match outcome {
                Ok(Sum { value, by }) => {
                    assert_eq!(value, n + seed, "a calculator that cannot add");
                    report.last = format!("{n} + {seed} = {value}, says {by}");
                    *report.answered.entry(by).or_default() += 1;
                }
                Err(CallError::NotExecuted(refused)) => {
                    report.not_executed += 1;
                    report.errors.push(refused.to_string());
                }
                Err(CallError::MaybeExecuted(lost)) => {
                    report.maybe_executed += 1;
                    report.errors.push(lost.to_string());
                }
                Err(CallError::App(never)) => match never {},
            });
        }
    }

    /// Tells the director how it goes.
    async fn report(self: Arc<Self>, node: Node) {
        let mut ticks = tokio::time::interval(Duration::from_millis(200));
        loop {
            ticks.tick().await;
            let view = node.view().nodes().map(|node| node.name.clone()).collect();
            let mut line = String::new();
            self.note(|report| {
                report.name = node.name().into();
                report.view = view;
                report.pending = self.pending.load(Ordering::Relaxed);
                line = serde_json::to_string(report).expect("a report consists of strings and numbers");
                report.errors = Vec::new();
            });
            println!("{line}");
        }
    }
}
