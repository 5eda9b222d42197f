//! The three services of the script.

use std::time::Duration;

use ember::prelude::*;

/// Two numbers.
#[message]
#[derive(Debug, Clone)]
pub struct SumReq {
    /// The first.
    pub a: i64,
    /// The second.
    pub b: i64,
}

/// What can go wrong with a calculation.
#[message]
#[derive(Debug, thiserror::Error)]
pub enum MathError {
    /// There is no result.
    #[error("a division by zero has no result")]
    ByZero,
    /// The service that could have answered did not.
    #[error("nobody calculates: {0}")]
    NoAnswer(String),
}

/// Calls the others.
#[service]
#[derive(Debug, Default)]
pub struct Service1 {
    answer: Option<String>,
}

#[rpc]
impl Service1 {
    /// Asks `Service2` for a sum, and does not wait for it.
    pub async fn rpc_ask(&mut self, cx: &mut Cx<'_, Self>, a: i64, b: i64) {
        cx.client::<Service2Client>().rpc_sum(SumReq { a, b }).then(cx, move |me, _cx, reply| {
            me.answer = Some(match reply {
                Ok(sum) => format!("{a} + {b} = {sum}, long after the call"),
                Err(error) => error.to_string(),
            });
        });
    }

    /// What came of it, once it is there.
    pub async fn rpc_answer(&mut self) -> Option<String> {
        self.answer.clone()
    }

    /// Asks `Service2` for a sum, and waits for it.
    pub async fn rpc_remote_sum(&mut self, cx: &mut Cx<'_, Self>, a: i64, b: i64) -> Result<i64, MathError> {
        let sum = cx.client::<Service2Client>().rpc_sum(SumReq { a, b }).await;
        sum.map_err(|error| MathError::NoAnswer(error.to_string()))
    }
}

/// Answers.
#[service]
#[derive(Debug, Default)]
pub struct Service2 {
    notes: Vec<String>,
}

#[rpc]
impl Service2 {
    /// Says that it is there.
    pub async fn rpc_ping(&mut self) -> String {
        "pong".into()
    }

    /// Adds two numbers.
    pub async fn rpc_sum(&mut self, req: SumReq) -> i64 {
        req.a + req.b
    }

    /// Takes one of everything.
    pub async fn rpc_join(&mut self, text: String, n: u8, flag: bool, list: Vec<u32>, maybe: Option<f64>) -> String {
        format!("{text} {n} {flag} {list:?} {maybe:?}")
    }

    /// Divides two numbers.
    pub async fn rpc_divide(&mut self, a: i64, b: i64) -> Result<i64, MathError> {
        a.checked_div(b).ok_or(MathError::ByZero)
    }

    /// Takes its time.
    pub async fn rpc_wait(&mut self, millis: u64) {
        tokio::time::sleep(Duration::from_millis(millis)).await;
    }

    /// Keeps a note.
    pub async fn rpc_note(&mut self, text: String) {
        self.notes.push(text);
    }
}

/// Counts, and has a module.
#[service]
#[derive(Debug, Default)]
pub struct Service3 {
    total: u64,
    calls: u64,
    #[module]
    bag: Module<Bag>,
}

#[rpc]
impl Service3 {
    /// Adds to the total.
    pub async fn rpc_count(&mut self, n: u64) {
        self.total += n;
        self.calls += 1;
    }

    /// The total.
    pub async fn rpc_total(&mut self) -> u64 {
        self.total
    }

    /// How often it was counted; for callers on the same node only.
    pub async fn api_calls(&mut self) -> u64 {
        self.calls
    }
}

/// A part of [`Service3`].
#[module(parent = Service3)]
#[derive(Debug, Default)]
pub struct Bag {
    items: Vec<String>,
}

#[rpc]
impl Bag {
    /// Puts something in; how much there is now.
    pub async fn rpc_put(&mut self, cx: &mut Cx<'_, Self>, item: String) -> usize {
        self.items.push(item);
        cx.parent().calls += 1;
        self.items.len()
    }
}
