//! One process: the town (bank, match maker) or a land full of players. Each has a board of the chat.

use std::time::Duration;

use ember::prelude::*;
use tokio::io::{AsyncBufReadExt, BufReader};

use crate::{
    bank::{Bank, BankClient},
    chat::{Board, tell_all},
    maker::{Maker, MakerClient, Standing},
    player::{Player, PlayerClient, Tally},
};

const ROUNDS: u32 = 8;

/// Hosts the bank and the maker, and writes how the matches stand, a line each time.
pub async fn town(cluster: &str) -> ember::Result<()> {
    let node = builder(cluster, "town")
        .service(Hosted::new(Bank::careless(50)).mailbox(512))
        .service(Maker::default())
        .start()
        .await?;
    let maker = node.client::<MakerClient>();
    let bank = node.client::<BankClient>();
    let teller = node.clone();
    let report = tokio::spawn(async move {
        let mut ticks = tokio::time::interval(Duration::from_millis(100));
        loop {
            ticks.tick().await;
            let (Ok(stand), Ok((gold, should, again))) = (maker.rpc_standing().await, bank.rpc_audit().await) else {
                continue;
            };
            let boards = tell_all(&teller, &format!("{} matches are over", stand.finished));
            let Standing { players, playing, finished, walkovers, down } = stand;
            println!("{players} {playing} {finished} {walkovers} {down} {gold} {should} {again} {boards}");
        }
    });
    until_closed().await;
    report.abort();
    node.shutdown().await
}

/// Hosts `count` players, the first with the number `first`.
pub async fn land(cluster: &str, name: &str, first: u32, count: u32) -> ember::Result<()> {
    let node = builder(cluster, name).start().await?;
    node.wait_for_view(|view| view.instances().iter().any(|it| it.identity().name == "maker")).await;
    let mut players = Vec::new();
    for id in first..first + count {
        players.push((id, node.spawn(Player::new(id, ROUNDS)).await?));
    }
    println!("spawned {}", players.len());
    until_closed().await;
    let (sum, wrong) = compare(&node, &players).await?;
    println!("tally {} {} {} {} {wrong}", sum.gold, sum.heard, sum.refused, sum.unknown);
    node.shutdown().await
}

/// Adds up what the players tell, and counts those who believe to have another balance than the bank says.
async fn compare(node: &Node, players: &[(u32, Pid)]) -> ember::Result<(Tally, u32)> {
    let bank = node.client::<BankClient>();
    let (mut sum, mut wrong) = (Tally::default(), 0);
    for (id, pid) in players {
        let tally = node.select::<PlayerClient>().pid(*pid).client().rpc_tally().await?;
        wrong += u32::from(tally.gold != bank.rpc_balance(*id).await?);
        sum.gold += tally.gold;
        sum.heard += tally.heard;
        sum.refused += tally.refused;
        sum.unknown += tally.unknown;
    }
    Ok((sum, wrong))
}

fn builder(cluster: &str, name: &str) -> NodeBuilder {
    Node::builder().name(name).cluster(cluster).registry(Embedded::default()).service(Board::default())
}

/// The director closes our standard input when we shall end; if it dies, that happens as well.
async fn until_closed() {
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Ok(Some(_)) = lines.next_line().await {}
}
