//! Calls with an id: on one node however they are run, from afar, and when links and processes are lost on the way.
// tidy: virtual time

#![allow(missing_docs, missing_debug_implementations, reason = "the names of test services say it all")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use ember::{
    CallError, LocalCalls, LostReason, RefusedReason, Retry, RetryBudget,
    prelude::*,
    testing::{
        Cluster, Sim,
        prove::{Kind, model, prove},
    },
};
use ember_tests::{
    cluster::{self, lost, refused, sees},
    gate::Gate,
    simulation::scale,
    wait::within,
};
use futures_util::FutureExt as _;
use tokio::time::{Instant, sleep};

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

/// All that one caller can see, whose first id is `first`.
async fn one_caller(node: &Node, client: &BankClient, bank: &Bank, first: u64) {
    let before = bank.effects();
    let effects = || bank.effects() - before;
    let balance = client.rpc_pay(5).once(first).await.unwrap();
    assert_eq!(client.rpc_pay(5).once(first).await.unwrap(), balance, "the stored reply");
    assert_eq!(client.rpc_pay(5).await.unwrap(), balance + 5, "without an id it is run");
    assert_eq!(client.rpc_pay(5).once(first + 1).await.unwrap(), balance + 10, "and with another");
    assert_eq!(effects(), 3);
    let other = refused(client.rpc_pay(6).once(first).await);
    assert!(matches!(&other, RefusedReason::NotOnce(why) if why.contains("other arguments")), "{other}");
    let other = refused(client.rpc_wait(5).once(first).await);
    assert!(matches!(&other, RefusedReason::NotOnce(why) if why.contains("another method")), "{other}");
    assert_eq!(effects(), 3);
    // Errors are replies.
    let short = client.rpc_draw(u64::MAX).once(first + 2).await.unwrap_err();
    assert!(matches!(short, CallError::App(Short(_))), "{short:?}");
    client.rpc_pay(1).await.unwrap();
    assert_eq!(client.rpc_draw(u64::MAX).once(first + 2).await.unwrap_err(), short);
    assert_eq!(effects(), 5);
    let panicked = lost(client.rpc_panic().once(first + 3).await);
    assert!(matches!(&panicked, LostReason::Panicked(why) if why.contains("for the time no.")), "{panicked}");
    // Who fails says which run of the service was asked: that one, and no other, has the reply.
    let Err(CallError::MaybeExecuted(again)) = client.rpc_panic().once(first + 3).await else { panic!("another reply") };
    assert_eq!(*again.reason(), panicked);
    let asked = node.select::<BankClient>().pid(again.pid().expect("somebody was asked")).client();
    assert_eq!(lost(asked.rpc_panic().once(first + 3).await), panicked);
    let Err(CallError::NotExecuted(other)) = client.rpc_pay(6).once(first).await else { panic!("it was run") };
    assert_eq!(other.pid(), again.pid());
    let Err(CallError::NotExecuted(nobody)) = client.rpc_pay(6).timeout(Duration::ZERO).await else { panic!("it was run") };
    assert_eq!(nobody.pid(), None);
    assert_eq!(effects(), 6);
    // A reply that comes later, or never.
    for (id, answer) in [(first + 4, Some(7)), (first + 5, None)] {
        let both =
            async { tokio::join!(client.rpc_later().once(id), client.rpc_later().once(id), client.rpc_answer(answer)) };
        let expected = answer.ok_or(LostReason::NoReply);
        let (one, two, _) = within("a reply that comes later", both).await;
        let third = client.rpc_later().once(id).await;
        for told in [one, two, third] {
            let told = told.map_err(|error| lost(Err::<u64, _>(error)));
            assert_eq!(told, expected);
        }
    }
    assert_eq!(effects(), 8);
}

#[tokio::test]
async fn a_repetition_has_the_reply_of_the_first_on_one_node_however_calls_are_run() {
    for calls in [LocalCalls::Adaptive, LocalCalls::Short, LocalCalls::Queued, LocalCalls::Random(7)] {
        let bank = Bank::default();
        let node = Node::builder().local_calls(calls).service(bank.clone()).start().await.unwrap();
        one_caller(&node, &node.client::<BankClient>(), &bank, 1).await;
        one_caller(&node, &node.select::<BankClient>().client(), &bank, 100).await;
        node.shutdown().await.unwrap();
    }
}

#[tokio::test]
async fn a_repetition_has_the_reply_of_the_first_from_afar_and_each_node_has_ids_of_its_own() {
    let (cluster, bank) = (cluster::Cluster::default(), Bank::default());
    let vault = cluster.node("vault").service(bank.clone()).start().await.unwrap();
    for name in ["ada", "bob"] {
        let node = cluster.node(name).start().await.unwrap();
        sees(&node, "bank", 1).await;
        one_caller(&node, &node.client::<BankClient>(), &bank, 1).await;
        node.shutdown().await.unwrap();
    }
    one_caller(&vault, &vault.client::<BankClient>(), &bank, 1).await;
    vault.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_repetition_waits_for_the_one_that_runs_within_its_own_time_and_the_first_may_go_away() {
    let bank = Bank::default();
    let node = Node::builder().service(bank.clone()).start().await.unwrap();
    let client = node.client::<BankClient>();
    let first = tokio::spawn(client.rpc_wait(5).once(1));
    bank.gate.reached().await;
    let late = lost(client.rpc_wait(5).once(1).timeout(Duration::from_millis(20)).await);
    assert_eq!(late, LostReason::Deadline);
    let second = tokio::spawn(client.rpc_wait(5).once(1));
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    bank.gate.open();
    assert_eq!(within("the second", second).await.unwrap().unwrap(), 5);
    assert_eq!(client.rpc_wait(5).once(1).await.unwrap(), 5, "and a third");
    assert_eq!(bank.effects(), 1);
    node.shutdown().await.unwrap();
}

/// Waits until what was in the mailbox has been seen to.
async fn emptied(client: &BankClient) {
    while client.rpc_answer(None).await.is_err() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_call_that_was_certainly_not_executed_leaves_its_id_free() {
    let bank = Bank::default();
    let service = Hosted::new(bank.clone()).mailbox(1);
    let node = Node::builder().service(service).start().await.unwrap();
    let client = node.client::<BankClient>();
    let occupied = tokio::spawn(client.rpc_wait(0).once(1));
    bank.gate.reached().await;
    let mut waiting = client.rpc_pay(1).once(2);
    assert!((&mut waiting).now_or_never().is_none());
    assert!(matches!(refused(client.rpc_pay(2).once(3).await), RefusedReason::MailboxFull { .. }));
    // It goes away before it is started.
    drop(waiting);
    bank.gate.open();
    within("the first", occupied).await.unwrap().unwrap();
    emptied(&client).await;
    assert_eq!(client.rpc_pay(3).once(2).await.unwrap(), 3, "with other arguments: it is a new call");
    assert_eq!(client.rpc_pay(4).once(3).await.unwrap(), 7);
    let waiting = tokio::spawn(client.rpc_wait(0).once(4));
    bank.gate.reached().await;
    let expired = client.rpc_pay(1).once(5).timeout(Duration::from_millis(10)).await;
    assert!(expired.is_err(), "{expired:?}");
    bank.gate.open();
    within("the one that waits", waiting).await.unwrap().unwrap();
    emptied(&client).await;
    assert_eq!(client.rpc_pay(2).once(5).await.unwrap(), 9, "what expired in the queue was not started");
    node.shutdown().await.unwrap();
}

/// Asks on behalf of somebody.
#[service]
pub struct Teller {
    bank: BankClient,
    told: Vec<u64>,
}

#[rpc]
impl Teller {
    pub async fn rpc_ask(&mut self, cx: &mut Cx<'_, Self>, id: u64) {
        self.bank.rpc_pay(1).once(id).then(cx, |teller: &mut Self, _, told| teller.told.push(told.unwrap()));
    }

    pub fn rpc_told(&mut self) -> Vec<u64> {
        self.told.clone()
    }
}

#[tokio::test]
async fn with_a_callback_and_by_a_service_that_is_started_again_it_is_the_same() {
    let bank = Bank::default();
    let made = bank.clone();
    let node = Node::builder().service(Hosted::with(move || made.clone())).start().await.unwrap();
    let client = node.client::<BankClient>();
    let teller = node.spawn(Teller { bank: client.clone(), told: Vec::new() }).await.unwrap();
    let teller = node.select::<TellerClient>().pid(teller).client();
    for _ in 0..2 {
        teller.rpc_ask(1).await.unwrap();
        while teller.rpc_told().await.unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
    }
    let both = ember_tests::wait::eventually("both callbacks", async || {
        teller.rpc_told().await.ok().filter(|told| told.len() == 2)
    });
    assert_eq!(both.await, [1, 1]);
    let panicked = lost(client.rpc_panic().once(2).await);
    assert_eq!(client.rpc_pay(0).await.unwrap(), 0, "a new life, whose balance is that of its factory");
    assert_eq!(lost(client.rpc_panic().once(2).await), panicked);
    assert_eq!(client.rpc_pay(1).once(1).await.unwrap(), 1, "what was done before is not done again");
    assert_eq!(bank.effects(), 3);
    node.shutdown().await.unwrap();
}

#[tokio::test]
async fn one_that_waits_for_a_first_that_is_never_run_is_run_itself_here_and_from_afar() {
    let (cluster, bank) = (cluster::Cluster::default(), Bank::default());
    let vault = cluster.node("vault").service(bank.clone()).start().await.unwrap();
    let ada = cluster.node("ada").start().await.unwrap();
    sees(&ada, "bank", 1).await;
    let mut paid = 0;
    for client in [vault.client::<BankClient>(), ada.client::<BankClient>()] {
        for (id, goes_away) in [(2, true), (4, false)] {
            let occupied = tokio::spawn(client.rpc_wait(0).once(id));
            bank.gate.reached().await;
            let time = Duration::from_millis(if goes_away { 30_000 } else { 20 });
            let mut first = Box::pin(client.rpc_pay(1).once(id + 1).timeout(time));
            assert!((&mut first).now_or_never().is_none());
            // It is behind the first on its way.
            let joiner = tokio::spawn(client.rpc_pay(1).once(id + 1).timeout(Duration::from_secs(30)));
            if goes_away {
                // By now both are there.
                let crowd = client.rpc_pay(2).once(id + 1).await;
                assert!(matches!(refused(crowd), RefusedReason::NotOnce(_)));
                drop(first);
            } else {
                let told = first.await;
                assert!(told.is_err(), "{told:?}");
            }
            bank.gate.open();
            within("the one that waits", occupied).await.unwrap().unwrap();
            paid += 1;
            assert_eq!(within("the joiner", joiner).await.unwrap().unwrap(), paid);
        }
    }
    ada.shutdown().await.unwrap();
    vault.shutdown().await.unwrap();
}

/// The same service in a build whose methods store no replies.
pub mod before {
    use ember::prelude::*;

    #[service(name = "bank")]
    #[derive(Default)]
    pub struct Bank {
        pub runs: u64,
    }

    #[rpc]
    impl Bank {
        pub async fn rpc_pay(&mut self, amount: u64) -> u64 {
            self.runs += u64::from(amount > 0);
            self.runs
        }
    }
}

#[tokio::test]
async fn a_service_whose_build_stores_no_replies_is_not_asked_to_run_one() {
    let cluster = cluster::Cluster::default();
    let vault = cluster.node("vault").service(before::Bank::default()).start().await.unwrap();
    let ada = cluster.node("ada").start().await.unwrap();
    sees(&ada, "bank", 1).await;
    let client = ada.client::<BankClient>();
    let why = refused(client.rpc_pay(5).once(1).await).to_string();
    assert!(why.contains("is not marked `#[rpc(dedupe"), "{why}");
    assert_eq!(client.rpc_pay(5).await.unwrap(), 1, "it has the same methods, and nothing was run before");
    ada.shutdown().await.unwrap();
    vault.shutdown().await.unwrap();
}

fn ada_and_vault(seed: u64, bank: &Bank) -> Cluster {
    let bank = bank.clone();
    Cluster::seed(seed).node("ada", |node| node).node("vault", move |node| node.service(bank.clone()))
}

/// Makes a slow payment at `ada`, does something to the cluster while its handler runs, and says what came of it and when.
async fn slow_payment(sim: &Sim, bank: &Bank, meanwhile: impl AsyncFnOnce()) -> (Result<u64, CallError>, Duration) {
    let before = bank.effects();
    let call = sim.on("ada", |node| async move {
        let started = Instant::now();
        let told = node.client::<BankClient>().rpc_slowly(5, 2).once(node.unique_id().await.unwrap().number()).await;
        (told, started.elapsed())
    });
    while bank.effects() == before {
        sleep(Duration::from_millis(1)).await;
    }
    meanwhile().await;
    call.await.expect("ada lives")
}

#[test]
fn a_link_that_breaks_before_the_reply_costs_time_and_the_effect_is_there_once() {
    for seed in 0..5 * scale() {
        let bank = Bank::default();
        ada_and_vault(seed, &bank).run(move |sim| async move {
            sim.settled().await;
            for cut in [2, 6] {
                let before = bank.effects();
                let (told, took) = slow_payment(&sim, &bank, async || {
                    sim.partition("ada", "vault");
                    sleep(Duration::from_secs(cut)).await;
                    sim.heal("ada", "vault");
                })
                .await;
                assert_eq!(told.expect("the stored reply"), 5 * (before + 1));
                assert_eq!(bank.effects(), before + 1);
                assert!(took < Duration::from_secs(cut + 10), "{took:?}");
            }
        });
    }
}

/// A cluster in which `ada` calls two banks, whose effects are counted together.
fn ada_and_two(seed: u64, bank: &Bank, change: fn(ember::NodeBuilder) -> ember::NodeBuilder) -> Cluster {
    ["one", "two"].into_iter().fold(Cluster::seed(seed).node("ada", change), |cluster, name| {
        let bank = bank.clone();
        cluster.node(name, move |node| node.service(bank.clone()))
    })
}

#[test]
fn what_may_have_been_executed_is_asked_of_nobody_else_though_another_could_be() {
    for seed in 0..2 * scale() {
        let bank = Bank::default();
        ada_and_two(seed, &bank, |node| node).run(move |sim| async move {
            sim.settled().await;
            // Attempts whose time is over.
            let effects = bank.clone();
            sim.on("ada", move |node| async move {
                let client = node.client::<BankClient>();
                let policy = Retry::new(10).attempt_timeout(Duration::from_secs(1)).maybe_executed();
                for id in 1..=5 {
                    client.rpc_slowly(5, 3).once(id).retry(policy).await.unwrap();
                    assert_eq!(effects.effects(), id);
                }
            })
            .await
            .unwrap();
            // And a link that is lost: whichever it was is cut off.
            let before = bank.effects();
            let (told, _) = slow_payment(&sim, &bank, async || {
                ["one", "two"].into_iter().for_each(|name| sim.partition("ada", name));
                sleep(Duration::from_secs(3)).await;
                ["one", "two"].into_iter().for_each(|name| sim.heal("ada", name));
            })
            .await;
            assert!(told.is_ok(), "{told:?}");
            assert_eq!(bank.effects(), before + 1);
        });
    }
}

#[test]
fn what_a_policy_repeats_has_the_stored_panic_at_once() {
    let bank = Bank::default();
    ada_and_vault(1, &bank).run(move |sim| async move {
        sim.settled().await;
        sim.on("ada", move |node| async move {
            let call = node.client::<BankClient>().rpc_again(1).once(1).retry(Retry::new(5).maybe_executed());
            let error = call.await.unwrap_err();
            assert!(matches!(&error, CallError::MaybeExecuted(_)), "{error:?}");
            assert_eq!(bank.effects(), 1);
        })
        .await
        .unwrap();
    });
}

#[test]
fn a_call_that_is_made_again_is_paid_for_from_the_budget() {
    let bank = Bank::default();
    ada_and_two(1, &bank, |node| node.retry_budget(RetryBudget::percent(0).free(0))).run(move |sim| async move {
        sim.settled().await;
        let (told, took) = slow_payment(&sim, &bank, async || {
            ["one", "two"].into_iter().for_each(|name| sim.partition("ada", name));
            sleep(Duration::from_secs(6)).await;
            ["one", "two"].into_iter().for_each(|name| sim.heal("ada", name));
        })
        .await;
        let error = told.unwrap_err();
        let CallError::MaybeExecuted(lost) = &error else { panic!("{error:?}") };
        assert!(matches!(lost.reason(), LostReason::LinkLost(_)) && took < Duration::from_secs(6), "{error} {took:?}");
        assert!(lost.is_out_of_retries(), "{error}");
    });
}

#[test]
fn another_run_of_the_service_is_not_asked_and_its_caller_is_told_soon() {
    for seed in 0..5 * scale() {
        let bank = Bank::default();
        ada_and_vault(seed, &bank).run(move |sim| async move {
            sim.settled().await;
            let (told, took) = slow_payment(&sim, &bank, async || {
                sim.kill("vault").await;
                sim.start("vault").await.unwrap();
            })
            .await;
            assert!(matches!(lost(told), LostReason::LinkLost(_)));
            assert!(took < Duration::from_secs(10), "it does not wait for its time-out: {took:?}");
            assert_eq!(bank.effects(), 1);
            sim.settled().await;
            let paid = sim.on("ada", |node| async move { node.client::<BankClient>().rpc_pay(1).once(1).await });
            assert_eq!(paid.await.unwrap().unwrap(), 1, "the next run begins anew");
        });
    }
}

#[test]
fn what_is_older_than_its_time_is_forgotten_and_not_run_again() {
    let bank = Bank::default();
    ada_and_vault(1, &bank).run(move |sim| async move {
        sim.settled().await;
        let effects = bank.clone();
        sim.on("ada", move |node| async move {
            let client = node.client::<BankClient>();
            assert_eq!(client.rpc_pay(5).once(5).await.unwrap(), 5);
            sleep(Duration::from_secs(59)).await;
            assert_eq!(client.rpc_pay(5).once(5).await.unwrap(), 5);
            sleep(Duration::from_secs(2)).await;
            assert_eq!(lost(client.rpc_pay(5).once(5).await), LostReason::Forgotten);
            assert_eq!(lost(client.rpc_pay(5).once(4).await), LostReason::Forgotten, "it is older");
            assert_eq!(client.rpc_pay(5).once(6).await.unwrap(), 10);
            assert_eq!(effects.effects(), 2);
        })
        .await
        .unwrap();
    });
}

#[service(elected, name = "vault")]
pub struct Vault {
    effects: Arc<AtomicU64>,
}

#[rpc]
impl Vault {
    #[rpc(dedupe = "60s", timeout = "40s")]
    pub async fn rpc_pay(&mut self, seconds: u64) -> u64 {
        let paid = self.effects.fetch_add(1, Ordering::SeqCst) + 1;
        sleep(Duration::from_secs(seconds)).await; // tidy: sleep: virtual time that a handler takes
        paid
    }
}

/// A cluster in which `ada` calls an elected service.
fn one_and_two(seed: u64, effects: &Arc<AtomicU64>) -> Cluster {
    ["one", "two"].into_iter().fold(Cluster::seed(seed).node("ada", |node| node), |cluster, name| {
        let effects = Arc::clone(effects);
        cluster.node(name, move |node| node.service(Vault { effects: Arc::clone(&effects) }))
    })
}

#[test]
fn a_call_that_a_master_may_have_executed_is_not_made_to_the_next_one() {
    for seed in 0..3 * scale() {
        let effects = Arc::<AtomicU64>::default();
        one_and_two(seed, &effects).run(move |sim| async move {
            sim.settled().await;
            let call = |seconds, id| {
                sim.on("ada", move |node| async move { node.client::<VaultClient>().rpc_pay(seconds).once(id).await })
            };
            assert_eq!(call(0, 1).await.unwrap().unwrap(), 1);
            let master = master(&sim).await;
            let slow = call(3, 2);
            while effects.load(Ordering::SeqCst) == 1 {
                sleep(Duration::from_millis(1)).await;
            }
            // Cut off from all, also from the registry: another takes over.
            let others = ["ada", "one", "two", "registry"].into_iter().filter(|other| *other != master);
            others.clone().for_each(|other| sim.partition(&master, other));
            let told = lost(slow.await.unwrap());
            assert!(matches!(told, LostReason::LinkLost(_) | LostReason::Deposed { .. }), "{told}");
            assert_eq!(effects.load(Ordering::SeqCst), 2);
            assert_eq!(call(0, 3).await.unwrap().unwrap(), 3, "the next master");
            others.for_each(|other| sim.heal(&master, other));
        });
    }
}

/// The node whose `Vault` is the master now, as `ada` sees it.
async fn master(sim: &Sim) -> String {
    sim.on("ada", |node| async move {
        let view = node.view();
        let of = view.instances().iter().find(|it| it.role() == Some(ember::Role::Master));
        of.map(|it| it.node().name.to_string()).unwrap()
    })
    .await
    .unwrap()
}

#[test]
fn what_a_master_has_stored_counts_no_more_when_another_has_acted_since() {
    for seed in 0..3 * scale() {
        let effects = Arc::<AtomicU64>::default();
        one_and_two(seed, &effects).run(move |sim| async move {
            sim.settled().await;
            let call = |seconds, id| {
                sim.on("ada", move |node| async move { node.client::<VaultClient>().rpc_pay(seconds).once(id).await })
            };
            assert_eq!(call(0, 1).await.unwrap().unwrap(), 1);
            let former = master(&sim).await;
            let slow = call(1, 2);
            while effects.load(Ordering::SeqCst) == 1 {
                sleep(Duration::from_millis(1)).await;
            }
            // It keeps its lease, stores its reply, and is the slave of the next one.
            sim.partition("ada", &former);
            sleep(Duration::from_secs(6)).await;
            sim.on(&former, |node| async move { node.hand_over(node.services()[0]) }).await.unwrap();
            assert_eq!(call(0, 3).await.unwrap().unwrap(), 3, "the next master");
            assert_ne!(master(&sim).await, former);
            sim.heal("ada", &former);
            let told = lost(slow.await.unwrap());
            assert!(matches!(told, LostReason::Deposed { .. }), "{told}");
            assert_eq!(effects.load(Ordering::SeqCst), 3);
        });
    }
}

#[test]
fn before_the_judge_a_payment_is_made_once_and_what_links_lose_is_had_again() {
    let bank = |seed| {
        let node = |node: ember::NodeBuilder| node.service(Bank::default());
        Cluster::seed(seed).node("ada", |node| node).node("bob", |node| node).node("vault", node)
    };
    let proof = |with_ids: bool| {
        let sum = model(0, |sum: &mut u64, gold: &u64| {
            *sum += gold;
            *sum
        });
        prove(bank)
            .model(sum)
            .workload(move |user| async move {
                while user.turn().await {
                    static IDS: AtomicU64 = AtomicU64::new(1);
                    let (gold, id) = (user.below(3) as u64, IDS.fetch_add(1, Ordering::Relaxed));
                    let call = user.node().client::<BankClient>().rpc_pay(gold).timeout(Duration::from_secs(20));
                    let _told =
                        if with_ids { user.call(gold, call.once(id)).await } else { user.call(gold, call).await };
                }
            })
            .from(&["ada", "bob"])
            .only(&[Kind::Partition, Kind::OneWay])
            .deadline(Duration::from_secs(20))
            .clients(2)
            .calls(20)
            .seeds(4 * scale())
            .run()
    };
    let (with, without) = (proof(true), proof(false));
    println!("{with}\n{without}");
    // Fewer, not none: a run that is not in the view any more is not asked.
    assert!(without.maybe_executed > 4 && with.maybe_executed * 4 < without.maybe_executed, "{with}\n{without}");
}
