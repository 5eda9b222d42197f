//! On one node however calls are run, and between nodes that reach each other.

use std::time::Duration;

use ember::{CallError, LocalCalls, LostReason, RefusedReason, prelude::*};
use ember_tests::{
    cluster::{self, lost, refused, sees},
    wait::within,
};
use futures_util::FutureExt as _;

use super::{Bank, BankClient, Short};

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
    let Err(CallError::MaybeExecuted(again)) = client.rpc_panic().once(first + 3).await else {
        panic!("another reply")
    };
    assert_eq!(*again.reason(), panicked);
    let asked = node.select::<BankClient>().pid(again.pid().expect("somebody was asked")).client();
    assert_eq!(lost(asked.rpc_panic().once(first + 3).await), panicked);
    let Err(CallError::NotExecuted(other)) = client.rpc_pay(6).once(first).await else { panic!("it was run") };
    assert_eq!(other.pid(), again.pid());
    let Err(CallError::NotExecuted(nobody)) = client.rpc_pay(6).timeout(Duration::ZERO).await else {
        panic!("it was run")
    };
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
