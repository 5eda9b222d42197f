//! When links and processes are lost on the way, in the simulation.
// tidy: virtual time

use std::time::Duration;

use ember::{
    CallError, LostReason,
    prelude::*,
    testing::{Cluster, Sim},
};
use ember_tests::{cluster::lost, simulation::scale};
use tokio::time::{Instant, sleep};

use super::{Bank, BankClient};

fn ada_and_vault(seed: u64, bank: &Bank) -> Cluster {
    let bank = bank.clone();
    Cluster::seed(seed).node("ada", |node| node).node("vault", move |node| node.service(bank.clone()))
}

/// Makes a slow payment at `ada`, does something to the cluster while its handler runs, and says what came of it and when.
async fn slow_payment(sim: &Sim, bank: &Bank, meanwhile: impl AsyncFnOnce()) -> (Result<u64, CallError>, Duration) {
    let before = bank.effects();
    let call = sim.on("ada", |node| async move {
        let started = Instant::now();
        let told = node.client::<BankClient>().rpc_slowly(5, 2).once(node.unique_id().await.unwrap()).await;
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
