//! Players of the example `arena` charge the bank while a partition begins: no gold is lost or made.
// tidy: virtual time

#![expect(unreachable_pub, reason = "the files of the example are modules here")]

use std::time::Duration;

use ember::testing::{Cluster, Sim};

#[path = "../../examples/arena/bank.rs"]
mod bank;
#[path = "../../examples/arena/chat.rs"]
#[expect(dead_code, reason = "there is no chat in this test")]
mod chat;
#[path = "../../examples/arena/maker.rs"]
mod maker;
#[path = "../../examples/arena/player.rs"]
mod player;

use bank::{Bank, BankClient, WELCOME};
use ember::prelude::*;
use maker::Maker;
use player::{Player, PlayerClient, STAKE, Tally};

const PLAYERS: u32 = 40;

/// Each player, and what it tells.
async fn tallies(sim: &Sim, pids: &[Pid]) -> Vec<Tally> {
    let pids = pids.to_vec();
    let told = sim.on("land", move |node| async move {
        let mut all = Vec::new();
        for pid in pids {
            all.push(node.select::<PlayerClient>().pid(pid).client().rpc_tally().await.expect("a player on this node"));
        }
        all
    });
    told.await.expect("the land runs")
}

/// What happened to the charges of one run.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    refused: u32,
    unknown: u32,
    again: u64,
}

fn play(seed: u64) -> Seen {
    Cluster::seed(seed)
        .node("town", |node| node.service(Bank::careless(0)).service(Maker::default()))
        .node("land", |node| node)
        .run(move |sim| async move {
            sim.settled().await;
            sim.latency("land", "town", Duration::from_millis(40));
            let pids = sim.on("land", |node| async move {
                // The link is there before the story begins: the first call makes it.
                node.client::<BankClient>().rpc_audit().await.expect("the bank");
                let mut pids = Vec::new();
                for id in 0..PLAYERS {
                    // No round to play: this test says when they charge.
                    pids.push(node.spawn(Player::new(id, 0)).await.expect("a player"));
                }
                pids
            });
            let pids = pids.await.expect("the land runs");

            // A player a few milliseconds: some charges arrive, some of their receipts do not, some do not leave.
            let (cut, fighters) = (sim.elapsed() + Duration::from_millis(100 + seed * 7 % 50), pids.clone());
            let fights = sim.on("land", move |node| async move {
                for (game, pid) in (0..).zip(fighters) {
                    node.select::<PlayerClient>()
                        .pid(pid)
                        .client()
                        .rpc_fight(game)
                        .await
                        .expect("a player on this node");
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            });
            let until = cut.saturating_sub(sim.elapsed());
            tokio::join!(
                async {
                    tokio::time::sleep(until).await;
                    sim.partition("land", "town");
                },
                async { fights.await.expect("the land runs") }
            );
            tokio::time::sleep(Duration::from_secs(8)).await; // links break, calls end, players ask again, in vain
            let during = tallies(&sim, &pids).await;
            assert!(during.iter().any(|it| it.open > 0), "seed {seed}: the partition met no charge");

            sim.heal("land", "town");
            sim.settled().await;
            let mut after = tallies(&sim, &pids).await;
            while after.iter().any(|it| it.open > 0) {
                assert!(sim.elapsed() < Duration::from_secs(120), "seed {seed}: charges stay open: {after:?}");
                tokio::time::sleep(Duration::from_millis(100)).await;
                after = tallies(&sim, &pids).await;
            }

            let bank = sim.on("town", |node| async move {
                let bank = node.client::<BankClient>();
                let mut accounts = Vec::new();
                for id in 0..PLAYERS {
                    accounts.push(bank.rpc_balance(id).await.expect("the bank"));
                }
                (accounts, bank.rpc_audit().await.expect("the bank"))
            });
            let (accounts, (gold, should, again)) = bank.await.expect("the town runs");
            assert_eq!((gold, should), (u64::from(PLAYERS) * WELCOME, u64::from(PLAYERS) * WELCOME), "seed {seed}");
            for (told, account) in after.iter().zip(accounts) {
                assert_eq!(told.gold, account, "seed {seed}: a player and the bank disagree");
                assert_eq!(account, WELCOME - STAKE, "seed {seed}: charged once");
            }
            let sum = |count: fn(&Tally) -> u32| after.iter().map(count).sum();
            Seen { refused: sum(|it| it.refused), unknown: sum(|it| it.unknown), again }
        })
}

#[test]
fn a_partition_loses_and_makes_no_gold() {
    let seen: Vec<Seen> = (1..=8).map(play).collect();
    assert!(seen.iter().any(|it| it.unknown > 0), "some charge may have run: {seen:?}");
    assert!(seen.iter().any(|it| it.again > 0), "some charge had run, and its receipt was lost: {seen:?}");
    assert_eq!(play(3), seen[2], "the same seed, the same story");
}
