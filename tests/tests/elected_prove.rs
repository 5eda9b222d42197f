//! Elected services before the judge: whatever dies, is cut off or forgotten, one master acts per epoch, what a former one writes is
//! refused, what the callers saw has an order, and where services end and begin there is a master again.
// tidy: virtual time

#![allow(missing_docs, missing_debug_implementations, reason = "the names of test services say it all")]

use std::{
    cell::RefCell,
    collections::BTreeMap,
    rc::Rc,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use ember::{
    prelude::*,
    testing::{
        Cluster,
        prove::{Kind, Prove, User, model, prove},
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
    masters: BTreeMap<i64, Pid>,
    /// What must not be, first of all.
    wrong: Option<String>,
}

#[derive(Debug, Clone, Default)]
struct Database(Arc<Mutex<Row>>);

impl Database {
    fn row(&self) -> MutexGuard<'_, Row> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `UPDATE … SET epoch = $1 WHERE epoch <= $1 RETURNING balance`
    fn load(&self, by: Pid, epoch: i64) -> Option<u64> {
        let mut row = self.row();
        if row.epoch > epoch {
            return None;
        }
        row.epoch = epoch;
        let one = *row.masters.entry(epoch).or_insert(by);
        self::wrong(&mut row, one != by, || format!("two masters in the epoch {epoch}: {one} and {by}"));
        Some(row.balance)
    }

    /// `UPDATE … SET balance = $2 WHERE epoch = $1`
    fn write(&self, epoch: i64, balance: u64) -> bool {
        let mut row = self.row();
        let fits = row.epoch == epoch;
        if fits {
            row.balance = balance;
        }
        fits
    }

    /// A panic of a service reaches no judge: this does.
    fn check(&self, right: bool, what: &str) {
        wrong(&mut self.row(), !right, || what.to_owned());
    }
}

fn wrong(row: &mut Row, is_wrong: bool, what: impl FnOnce() -> String) {
    if is_wrong {
        row.wrong.get_or_insert_with(what);
    }
}

/// An account that is kept in memory by the master, and written through.
#[service(elected)]
pub struct Account {
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
        let balance = self.database.load(cx.pid(), fence.number());
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
        self.database.check(cx.fence().is_ok(), "one that is no master acts");
        self.database.check(self.loaded, "a master that has not loaded its state acts");
        let fence = cx.fence().expect("only a master gets so far");
        sleep(Duration::from_millis(4)).await;
        // Fenced off, it must not answer: what it knows is old.
        assert!(self.database.write(fence.number(), self.balance + gold), "fenced");
        self.balance += gold;
        let balance = self.balance;
        if gold > 1 {
            // A receipt is printed: it is paid, and its caller does not know yet.
            sleep(Duration::from_millis(100)).await;
        }
        balance
    }

    /// From memory: right for as long as nobody else acts, and what says so are leases, not the fence.
    pub async fn rpc_balance(&mut self) -> u64 {
        self.database.check(self.loaded, "a master that has not loaded its state answers");
        self.balance
    }
}

const ACCOUNTS: [&str; 3] = ["one", "three", "two"];

/// Three nodes with accounts, and others that have none.
fn bank(seed: u64, database: &Database, others: &[&str], lease: Option<Duration>) -> Cluster {
    let mut cluster = Cluster::seed(seed).ttl(Duration::from_secs(2)).tick(Duration::from_millis(5));
    for other in others {
        cluster = cluster.node(other, |node| node);
    }
    for name in ACCOUNTS {
        let account = account(database);
        cluster = cluster.node(name, move |node| {
            let account = Hosted::with(account.clone());
            node.service(match lease {
                Some(lease) => account.lease(lease),
                None => account,
            })
        });
    }
    cluster
}

fn account(database: &Database) -> impl Fn() -> Account + Clone + Send + 'static {
    let database = database.clone();
    move || Account { database: database.clone(), balance: 0, loaded: false }
}

async fn pay(user: &User<u64, u64>, gold: u64) -> Result<u64, CallError> {
    user.call(gold, user.node().client::<AccountClient>().rpc_pay(gold)).await
}

fn elected<W: Future<Output = ()> + 'static>(
    others: &'static [&str],
    work: impl Fn(User<u64, u64>, Database) -> W + 'static,
) -> Prove<u64, u64> {
    leased(others, None, work)
}

/// The same, with a lease of the accounts that is not that of their nodes.
fn leased<W: Future<Output = ()> + 'static>(
    others: &'static [&str],
    lease: Option<Duration>,
    work: impl Fn(User<u64, u64>, Database) -> W + 'static,
) -> Prove<u64, u64> {
    let sum = model(0, |sum: &mut u64, gold: &u64| {
        *sum += gold;
        *sum
    });
    let last = Rc::new(RefCell::new(Database::default()));
    let [this, seen] = [Rc::clone(&last), Rc::clone(&last)];
    let proof = prove(move |seed| {
        *last.borrow_mut() = Database::default();
        bank(seed, &last.borrow(), others, lease)
    });
    let proof = proof.model(sum).invariant("one master per epoch, with its state", move |_| {
        seen.borrow().row().wrong.clone().map_or(Ok(()), Err)
    });
    proof
        .workload(move |user| work(user, this.borrow().clone()))
        .probe(|user| async move { pay(&user, 0).await })
        .recovers_within(Duration::from_secs(20))
}

async fn pays(user: User<u64, u64>, _: Database) {
    while user.turn().await {
        let _told = pay(&user, user.below(3) as u64).await;
    }
}

/// Users elsewhere, two on each node: what they call is a link away.
fn from_elsewhere() -> Prove<u64, u64> {
    elsewhere(None)
}

fn elsewhere(lease: Option<Duration>) -> Prove<u64, u64> {
    let proof = leased(&["ada", "bob"], lease, pays).from(&["ada", "bob"]);
    proof.clients(4).calls(20).span(Duration::from_secs(8))
}

/// Users beside the masters, who see with them what these see, two on each node; while leases tell who may act.
fn from_beside() -> Prove<u64, u64> {
    beside(None)
}

fn beside(lease: Option<Duration>) -> Prove<u64, u64> {
    let proof = leased(&[], lease, |user, _| async move {
        while user.turn().await {
            let _told = match user.below(3) as u64 {
                0 => user.call(0, user.node().client::<AccountClient>().rpc_balance()).await,
                gold => pay(&user, gold).await,
            };
        }
    });
    use Kind::{OneWay, Partition, RegistryDown, RegistryLost};
    let proof = proof.only(&[OneWay, Partition, RegistryDown, RegistryLost]);
    proof.from(&ACCOUNTS).clients(6).calls(20).span(Duration::from_secs(6))
}

/// Accounts end while their nodes live, and others begin in their places.
fn with_accounts_that_end() -> Prove<u64, u64> {
    let proof = elected(&[], |user, database| async move {
        while user.turn().await {
            if user.below(4) > 0 {
                let _told = pay(&user, user.below(3) as u64).await;
            } else {
                begin_anew(user.node(), &database).await;
            }
        }
    });
    proof.from(&ACCOUNTS).clients(3).calls(20).span(Duration::from_secs(6))
}

async fn begin_anew(node: &Node, database: &Database) {
    node.services().into_iter().for_each(|pid| _ = node.stop(pid));
    // There is one of an id at a time: the next begins when the last has ended.
    while node.spawn(Hosted::with(account(database)).register()).await.is_err() {
        sleep(Duration::from_millis(20)).await;
    }
}

#[test]
fn one_master_per_epoch_acts_and_what_callers_saw_has_an_order() {
    let report = from_elsewhere().seeds(40 * scale()).run();
    println!("{report}");
    assert!(report.done > 1_500 && report.maybe_executed > 10 && report.faults > 60, "{report}");
}

#[test]
fn no_master_acts_beside_a_later_one_whoever_sees_what_it_sees() {
    let report = from_beside().seeds(10 * scale()).run();
    println!("{report}");
    assert!(report.done > 500 && report.faults > 15, "{report}");
}

#[test]
fn no_master_acts_beside_a_later_one_where_they_have_leases_of_their_own() {
    use Kind::{Kill, OneWay, Partition, Pause, RegistryDown, RegistryLost};
    for kinds in [&[Kill, OneWay, Partition, RegistryDown][..], &[Partition, Pause, RegistryDown, RegistryLost]] {
        let report =
            beside(Some(Duration::from_secs(5))).only(kinds).span(Duration::from_secs(12)).seeds(6 * scale()).run();
        println!("{report}");
        assert!(report.done > 300 && report.faults > 10, "{report}");
    }
}

#[test]
fn one_master_per_epoch_acts_where_the_registry_ends_leases_of_their_own_early() {
    use Kind::{Expire, OneWay, Partition, Pause};
    let proof = elsewhere(Some(Duration::from_secs(5))).only(&[Expire, Expire, OneWay, Partition, Pause]);
    let report = proof.seeds(6 * scale()).run();
    println!("{report}");
    assert!(report.done > 200 && report.faults > 10, "{report}");
}

#[test]
fn a_master_that_stood_still_releases_no_reply_beside_a_later_one() {
    let report = from_beside().only(&[Kind::Pause, Kind::RegistryLost]).seeds(8 * scale()).run();
    println!("{report}");
    assert!(report.done > 300 && report.faults > 15, "{report}");
}

#[test]
fn there_is_a_master_again_after_services_have_ended_on_nodes_that_live() {
    let report = with_accounts_that_end().seeds(10 * scale()).run();
    println!("{report}");
    assert!(report.done > 200 && report.faults > 15, "{report}");
}

#[test]
fn users_whose_node_could_not_start_while_the_registry_was_away_go_on_when_it_is_back() {
    let away =
        "seed=67 clients=2 calls=15 faults=registry(empty)@570+6495;kill(three)@1750!+443;registry(kept)@5952+8825";
    assert!(elected(&[], pays).from(&ACCOUNTS).replay(away).run().done > 10);
}

#[test]
fn runs_with_elections_are_the_same_again() {
    let (first, second) = (from_elsewhere().seeds(2).run(), from_elsewhere().seeds(2).run());
    assert_eq!(first, second, "outcomes and traces");
}

/// A clock that was hours ahead has made the epochs, and a backup of the registry has forgotten the last one.
#[test]
fn who_is_started_after_an_older_registry_came_back_takes_no_epoch_that_was_taken() {
    let forgotten = "seed=1187 clients=3 calls=14 faults=clock(one,57923315)@654+1710;partition(registry,three)@2490!+1273;\
                     pause(two)@2826!+1818;registry(older)@4405+1663;restart(one)@4479+1826";
    assert!(with_accounts_that_end().replay(forgotten).run().done > 10);
}
