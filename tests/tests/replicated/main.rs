//! Replicated services: what was acknowledged outlives the master, whoever takes over has it, and nothing is shown that was not. In the
//! simulation.

#![allow(missing_docs, missing_debug_implementations, reason = "the names of test services say it all")]

mod acknowledged;
mod away;
mod builds;
mod claims;
mod drifts;
mod entries;
mod handlers;
mod members;
mod modules;
mod options;
mod outbox;
mod outcomes;
mod panics;
mod places;
mod published;
mod reads;

use std::{collections::BTreeMap, time::Duration};

use ember::{
    Replicated, Role,
    prelude::*,
    testing::{Cluster, Sim},
};

#[message]
#[derive(Debug, Clone, PartialEq)]
pub enum Entry {
    Paid { to: u64, amount: u64 },
    Broken,
}

#[message]
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Balances(BTreeMap<u64, u64>);

#[service(elected)]
#[derive(Default)]
pub struct Ledger {
    waiting: Option<Replier<u64>>,
    feed: Option<StreamSender<u64>>,
}

impl Replicated for Ledger {
    type State = Balances;
    type Entry = Entry;
    type Output = u64;

    fn apply(state: &mut Balances, entry: &Entry) -> u64 {
        let Entry::Paid { to, amount } = entry else { panic!("an entry that breaks the state") };
        let balance = state.0.entry(*to).or_default();
        *balance += amount;
        *balance
    }
}

/// Each master pays one in there.
const MASTERS: u64 = 99;

#[rpc]
impl Ledger {
    #[on(master)]
    async fn lead(&mut self, cx: &mut Cx<'_, Self>) {
        cx.commit(Entry::Paid { to: MASTERS, amount: 1 });
    }

    /// Is answered by the next [`rpc_pay_and_answer`](Self::rpc_pay_and_answer).
    #[rpc(timeout = "60s")]
    pub async fn rpc_wait(&mut self, cx: &mut Cx<'_, Self>) -> Deferred<u64> {
        let (later, replier) = cx.defer();
        self.waiting = Some(replier);
        later
    }

    pub async fn rpc_pay_and_answer(&mut self, cx: &mut Cx<'_, Self>, to: u64) -> u64 {
        let balance = cx.commit(Entry::Paid { to, amount: 1 });
        if let Some(replier) = self.waiting.take() {
            replier.reply(balance);
        }
        balance
    }

    pub async fn rpc_pay(&mut self, cx: &mut Cx<'_, Self>, to: u64, amount: u64) -> u64 {
        cx.commit(Entry::Paid { to, amount })
    }

    /// Both or neither.
    pub async fn rpc_pay_both(&mut self, cx: &mut Cx<'_, Self>, one: u64, other: u64, amount: u64) -> Vec<u64> {
        cx.commit_all([one, other].map(|to| Entry::Paid { to, amount }))
    }

    #[rpc(read)]
    pub async fn rpc_balance(&self, cx: &mut Cx<'_, Self>, of: u64) -> u64 {
        cx.state().0.get(&of).copied().unwrap_or_default()
    }

    /// Pays, and lets the witness know; by a call, or by a call that nobody waits for.
    pub async fn rpc_pay_before(&mut self, cx: &mut Cx<'_, Self>, to: u64, one_way: bool) -> Result<u64, String> {
        let balance = cx.commit(Entry::Paid { to, amount: 1 });
        let seen = cx.client::<WitnessClient>().rpc_see(balance);
        let sent = if one_way {
            seen.send().map_err(|error| error.to_string())
        } else {
            seen.await.map_err(|error| error.to_string())
        };
        sent.map(|()| balance)
    }

    /// Lets the witness know, in one of three ways.
    pub async fn rpc_tell(&mut self, cx: &mut Cx<'_, Self>, number: u64, pays: bool) {
        if pays {
            cx.commit(Entry::Paid { to: 7, amount: 1 });
        }
        let seen = cx.client::<WitnessClient>().rpc_see(number);
        if number.is_multiple_of(3) {
            seen.send().unwrap();
        } else {
            seen.then(cx, |_, _, seen| seen.unwrap());
        }
    }

    /// Pays, and lets the witness know by work that it offloads.
    pub async fn rpc_pay_and_offload(&mut self, cx: &mut Cx<'_, Self>, to: u64) -> u64 {
        let balance = cx.commit(Entry::Paid { to, amount: 1 });
        let witness = cx.client::<WitnessClient>();
        cx.offload_async(to, async move { witness.rpc_see(balance).await.is_ok() }).then(cx, |_, _, _| {});
        balance
    }

    /// Pays, and publishes the balance: to this node, and to all.
    pub async fn rpc_pay_and_publish(&mut self, cx: &mut Cx<'_, Self>, to: u64) -> u64 {
        let balance = cx.commit(Entry::Paid { to, amount: 1 });
        cx.publish(published::Here(balance));
        cx.publish_to(Scope::Cluster, published::Everywhere(balance));
        balance
    }

    /// Tells the witness more than may wait: how often, and why not more.
    pub async fn rpc_flood(&mut self, cx: &mut Cx<'_, Self>) -> (u64, String) {
        cx.commit(Entry::Paid { to: 1, amount: 1 });
        let witness = cx.client::<WitnessClient>();
        for number in 0.. {
            if let Err(error) = witness.rpc_hear(number).send() {
                return (number, error.to_string());
            }
        }
        unreachable!("there is a bound")
    }

    /// What is paid by [`rpc_pay_and_feed`](Self::rpc_pay_and_feed).
    pub async fn rpc_feed(&mut self, cx: &mut Cx<'_, Self>) -> Streaming<u64> {
        let (sender, feed) = cx.streaming(8);
        self.feed = Some(sender);
        feed
    }

    /// Pays, and sends the balance to the stream; by `try_send` or `send`.
    pub async fn rpc_pay_and_feed(&mut self, cx: &mut Cx<'_, Self>, to: u64, at_once: bool) -> u64 {
        let balance = cx.commit(Entry::Paid { to, amount: 1 });
        if let Some(feed) = &self.feed {
            let sent = if at_once { feed.try_send(balance) } else { feed.send(balance).await };
            sent.ok();
        }
        balance
    }

    /// Pays, and waits itself until that is acknowledged.
    pub async fn rpc_pay_and_settle(&mut self, cx: &mut Cx<'_, Self>, to: u64) -> Result<u64, String> {
        let balance = cx.commit(Entry::Paid { to, amount: 1 });
        cx.settled().await.map_err(|error| error.to_string())?;
        Ok(balance)
    }

    #[rpc(timeout = "60s")]
    pub async fn rpc_pay_late(&mut self, cx: &mut Cx<'_, Self>, to: u64, seconds: u64) -> u64 {
        tokio::time::sleep(Duration::from_secs(seconds)).await; // tidy: sleep: virtual time that a handler takes
        cx.commit(Entry::Paid { to, amount: 1 })
    }

    /// Pays, and is at work for so long after that.
    #[rpc(timeout = "60s")]
    pub async fn rpc_pay_and_rest(&mut self, cx: &mut Cx<'_, Self>, to: u64, seconds: u64) -> u64 {
        let balance = cx.commit(Entry::Paid { to, amount: 1 });
        tokio::time::sleep(Duration::from_secs(seconds)).await; // tidy: sleep: virtual time that a handler takes
        balance
    }

    /// Pays unless that is more than there may be: then it commits nothing.
    #[rpc(dedupe = "10m")]
    pub async fn rpc_pay_up_to(
        &mut self,
        cx: &mut Cx<'_, Self>,
        to: u64,
        amount: u64,
        most: u64,
    ) -> Result<u64, String> {
        let balance = cx.state().0.get(&to).copied().unwrap_or_default();
        if balance + amount > most { Err(format!("{balance}")) } else { Ok(cx.commit(Entry::Paid { to, amount })) }
    }

    #[rpc(dedupe = "10m", timeout = "60s")]
    pub async fn rpc_pay_once_late(&mut self, cx: &mut Cx<'_, Self>, to: u64, seconds: u64) -> u64 {
        tokio::time::sleep(Duration::from_secs(seconds)).await; // tidy: sleep: virtual time that a handler takes
        cx.commit(Entry::Paid { to, amount: 1 })
    }

    pub async fn rpc_panic_between(&mut self, cx: &mut Cx<'_, Self>, to: u64) -> u64 {
        let balance = cx.commit(Entry::Paid { to, amount: 1 });
        assert!(balance == 0, "between two commits");
        cx.commit(Entry::Paid { to, amount: 1 })
    }

    pub async fn rpc_break(&mut self, cx: &mut Cx<'_, Self>) -> u64 {
        cx.commit(Entry::Broken)
    }

    #[rpc(read)]
    pub async fn rpc_commit_in_a_read(&self, cx: &mut Cx<'_, Self>) -> u64 {
        committed(cx)
    }
}

/// Where the compiler does not see who calls.
fn committed(cx: &mut Cx<'_, Ledger>) -> u64 {
    cx.commit(Entry::Paid { to: 1, amount: 1 })
}

/// Sees what is said to it.
#[service]
#[derive(Default)]
pub struct Witness {
    seen: Vec<u64>,
}

#[rpc]
impl Witness {
    pub async fn rpc_see(&mut self, balance: u64) {
        self.seen.push(balance);
    }

    pub async fn rpc_hear(&mut self, number: u64) {
        assert!(number < 1 << 20, "nobody counts so far");
    }

    pub async fn rpc_seen(&self) -> Vec<u64> {
        self.seen.clone()
    }
}

/// Three nodes with a ledger each, and one that calls.
fn cluster(seed: u64) -> Cluster {
    let cluster = Cluster::seed(seed).node("caller", |node| node.service(Witness::default()));
    ["a", "b", "c"]
        .into_iter()
        .fold(cluster, |cluster, name| cluster.node(name, |node| node.service(Ledger::default())))
}

/// Which node has the master, as the caller sees it, once there is one that is not `other`.
async fn master(sim: &Sim, other: Option<&str>) -> String {
    let other = other.map(str::to_owned);
    let found = sim.on("caller", move |node| async move {
        let mut found = None;
        node.wait_for_view(|view| {
            let master = view.instances().iter().find(|it| it.role() == Some(Role::Master));
            found = master.map(|it| it.node().name.clone());
            found.is_some() && found != other
        })
        .await;
        found.unwrap()
    });
    found.await.unwrap()
}

/// The nodes that have an instance which is not the master.
fn others(master: &str) -> Vec<&'static str> {
    ["a", "b", "c"].into_iter().filter(|name| *name != master).collect()
}

/// Waits until each of the three answers this: it has learnt it, and is in sync a moment later.
async fn in_sync(sim: &Sim, of: u64, balance: u64) {
    for name in ["a", "b", "c"] {
        in_sync_at(sim, name, of, balance).await;
    }
}

async fn in_sync_at(sim: &Sim, name: &str, of: u64, balance: u64) {
    sim.on(name, move |node| async move {
        while node.local::<Ledger>().rpc_balance(of).await.ok() != Some(balance) {
            tokio::time::sleep(Duration::from_millis(50)).await; // tidy: sleep: virtual time, until it has caught up
        }
    })
    .await
    .unwrap();
}

async fn pay(sim: &Sim, to: u64, amount: u64) -> u64 {
    sim.on("caller", move |node| async move {
        node.client::<LedgerClient>().rpc_pay(to, amount).timeout(Duration::from_secs(30)).await.unwrap()
    })
    .await
    .unwrap()
}

#[test]
fn what_was_acknowledged_is_there_when_the_master_is_gone() {
    cluster(1).run(async move |sim| {
        assert_eq!(pay(&sim, 1, 5).await, 5);
        assert_eq!(pay(&sim, 1, 5).await, 10);
        let first = master(&sim, None).await;
        in_sync(&sim, 1, 10).await;
        sim.kill(&first).await;
        let second = master(&sim, Some(&first)).await;
        assert_eq!(pay(&sim, 1, 1).await, 11, "{first}");
        sim.kill(&second).await;
        master(&sim, Some(&second)).await;
        assert_eq!(pay(&sim, 1, 1).await, 12, "{second}");
    });
}
