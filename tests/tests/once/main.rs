//! Calls with an id: on one node however they are run, from afar, and when links and processes are lost on the way.
// tidy: virtual time

#![allow(missing_docs, missing_debug_implementations, reason = "the names of test services say it all")]

pub mod here_and_afar;
mod judged;
mod lost_links;
pub mod masters;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use ember::prelude::*;
use ember_tests::gate::Gate;
use tokio::time::sleep;

#[message]
#[derive(Debug, PartialEq)]
pub struct Short(pub u64);

/// What it does is counted from outside: it outlives the process.
#[service(name = "bank")]
#[derive(Clone, Default)]
pub struct Bank {
    effects: Arc<AtomicU64>,
    gate: Gate,
    balance: u64,
    waiting: Vec<Waiting>,
}

/// A reply that is owed; a clone of its service owes none.
#[derive(Default)]
pub struct Waiting(Option<Replier<u64>>);

impl Clone for Waiting {
    fn clone(&self) -> Self {
        Self(None)
    }
}

#[rpc]
impl Bank {
    #[rpc(dedupe = "60s")]
    pub async fn rpc_pay(&mut self, amount: u64) -> u64 {
        self.act(amount)
    }

    #[rpc(dedupe = "60s", codec = "json")]
    pub fn rpc_draw(&mut self, amount: u64) -> Result<u64, Short> {
        self.effects.fetch_add(1, Ordering::SeqCst);
        self.balance.checked_sub(amount).ok_or(Short(self.balance))
    }

    #[rpc(dedupe = "60s")]
    pub async fn rpc_panic(&mut self) -> u64 {
        let effects = self.act(0);
        panic!("for the time no. {effects}");
    }

    /// Answers when it is told to, or never.
    #[rpc(dedupe = "60s")]
    pub async fn rpc_later(&mut self, cx: &mut Cx<'_, Self>) -> Deferred<u64> {
        self.act(0);
        let (deferred, replier) = cx.defer();
        self.waiting.push(Waiting(Some(replier)));
        deferred
    }

    #[rpc(dedupe = "60s", idempotent)]
    pub async fn rpc_again(&mut self, amount: u64) -> u64 {
        let effects = self.act(amount);
        panic!("for the time no. {effects}");
    }

    pub fn rpc_answer(&mut self, value: Option<u64>) {
        for Waiting(replier) in self.waiting.drain(..) {
            if let (Some(replier), Some(value)) = (replier, value) {
                replier.reply(value);
            }
        }
    }

    #[rpc(dedupe = "60s")]
    pub async fn rpc_wait(&mut self, amount: u64) -> u64 {
        let paid = self.act(amount);
        self.gate.pass().await;
        paid
    }

    /// Takes its time when it has done its work.
    #[rpc(dedupe = "60s", timeout = "30s", idempotent)]
    pub async fn rpc_slowly(&mut self, amount: u64, seconds: u64) -> u64 {
        let paid = self.act(amount);
        sleep(Duration::from_secs(seconds)).await; // tidy: sleep: virtual time that a handler takes
        paid
    }
}

impl Bank {
    fn act(&mut self, amount: u64) -> u64 {
        self.effects.fetch_add(1, Ordering::SeqCst);
        self.balance += amount;
        self.balance
    }

    fn effects(&self) -> u64 {
        self.effects.load(Ordering::SeqCst)
    }
}
