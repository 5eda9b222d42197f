//! Elected services before the judge: whatever dies, is cut off or forgotten, one master acts per epoch, what a former one writes is
//! refused, and what the callers saw has an order.
// tidy: virtual time

#![allow(missing_docs, missing_debug_implementations, reason = "the names of test services say it all")]

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use ember::{
    prelude::*,
    testing::{
        Cluster,
        prove::{Prove, User, model, prove},
    },
};
use ember_tests::simulation::scale;
use tokio::time::sleep;

/// A row of a database, with a fence.
#[derive(Debug, Default)]
struct Row {
    epoch: i64,
    balance: u64,
    /// Who raised the fence in each epoch.
    masters: BTreeMap<i64, String>,
    /// Writes of former masters that were refused.
    refused: usize,
}

#[derive(Debug, Clone, Default)]
struct Database(Arc<Mutex<Row>>);

impl Database {
    fn row(&self) -> MutexGuard<'_, Row> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `UPDATE … SET epoch = $1 WHERE epoch <= $1 RETURNING balance`
    fn load(&self, node: &str, epoch: i64) -> Option<u64> {
        let mut row = self.row();
        if row.epoch > epoch {
            row.refused += 1;
            return None;
        }
        row.epoch = epoch;
        let one = row.masters.entry(epoch).or_insert_with(|| node.to_owned()).clone();
        assert_eq!(one, node, "two masters in the epoch {epoch}");
        Some(row.balance)
    }

    /// `UPDATE … SET balance = $2 WHERE epoch = $1`
    fn write(&self, epoch: i64, balance: u64) -> bool {
        let mut row = self.row();
        let fits = row.epoch == epoch;
        if fits {
            row.balance = balance;
        } else {
            row.refused += 1;
        }
        fits
    }
}

/// An account that is kept in memory by the master, and written through.
#[service(elected)]
pub struct Account {
    node: String,
    database: Database,
    balance: u64,
    loaded: bool,
}

#[rpc]
impl Account {
    #[on(master)]
    async fn lead(&mut self, cx: &mut Cx<'_, Self>) -> ember::Result<()> {
        self.loaded = false;
        let fence = cx.fence()?;
        sleep(Duration::from_millis(3)).await;
        let balance = self.database.load(&self.node, fence.number());
        self.balance = balance.ok_or_else(|| ember::Error::other("another master has loaded it since"))?;
        self.loaded = true;
        Ok(())
    }

    #[on(slave)]
    async fn follow(&mut self) {
        self.loaded = false;
    }

    /// The balance after it; 0 reads.
    pub async fn rpc_pay(&mut self, cx: &mut Cx<'_, Self>, gold: u64) -> u64 {
        let fence = cx.fence().expect("only a master gets so far");
        assert!(self.loaded, "a master that has not loaded its state acts");
        sleep(Duration::from_millis(4)).await;
        // Fenced off, it must not answer: what it knows is old.
        assert!(self.database.write(fence.number(), self.balance + gold), "fenced");
        self.balance += gold;
        self.balance
    }
}

fn bank(seed: u64) -> Cluster {
    let database = Database::default();
    let mut cluster = Cluster::seed(seed).ttl(Duration::from_secs(2)).tick(Duration::from_millis(5));
    for user in ["ada", "bob"] {
        cluster = cluster.node(user, |node| node);
    }
    for name in ["one", "three", "two"] {
        let database = database.clone();
        let account = move || Account { node: name.into(), database: database.clone(), balance: 0, loaded: false };
        cluster = cluster.node(name, move |node| node.service_with(account.clone()));
    }
    cluster
}

async fn pay(user: &User<u64, u64>, gold: u64) -> Result<u64, CallError> {
    user.call(gold, user.node().client::<AccountClient>().rpc_pay(gold)).await
}

fn elected() -> Prove<u64, u64> {
    let sum = model(0, |sum: &mut u64, gold: &u64| {
        *sum += gold;
        *sum
    });
    let proof = prove(bank).model(sum).clients(2).calls(40).from(&["ada", "bob"]);
    proof
        .span(Duration::from_secs(8))
        .workload(|user| async move {
            while user.turn().await {
                let _told = pay(&user, user.below(3) as u64).await;
            }
        })
        .probe(|user| async move { pay(&user, 0).await })
        .recovers_within(Duration::from_secs(20))
}

#[test]
fn one_master_per_epoch_acts_and_what_callers_saw_has_an_order() {
    let report = elected().seeds(16 * scale()).run();
    println!("{report}");
    assert!(report.done > 1_500 && report.maybe_executed > 10 && report.faults > 60, "{report}");
}

#[test]
fn runs_with_elections_are_the_same_again() {
    let (first, second) = (elected().seeds(2).run(), elected().seeds(2).run());
    assert_eq!(first, second, "outcomes and traces");
}
