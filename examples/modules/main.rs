//! Modules: parts of a service with methods of their own, as fields and under keys that come and go, with their own timers.

use std::{collections::BTreeMap, time::Duration};

use ember::{CallError, RefusedReason, prelude::*};

#[service(name = "player")]
#[derive(Default)]
pub struct Player {
    gold: u64,
    /// A module as a field: always there. The player uses it as ordinary Rust.
    #[module]
    purse: Module<Purse>,
    /// Modules under keys: they come and go.
    #[module]
    bags: Modules<u32, Bag>,
}

#[rpc]
impl Player {
    pub async fn rpc_open_bag(&mut self, key: u32) {
        // It can be used at once; its `start` runs when this handler has ended, before the next message.
        self.bags.insert(key, Bag::default());
    }

    pub async fn rpc_close_bag(&mut self, key: u32) -> bool {
        // Its `stop` runs when this handler has ended; its timers end with it.
        self.bags.release(&key)
    }

    pub async fn rpc_worth(&mut self) -> u64 {
        self.gold + self.purse.coins + self.bags.iter().map(|(_, bag)| u64::from(bag.count())).sum::<u64>()
    }
}

#[module]
#[derive(Default)]
pub struct Purse {
    coins: u64,
}

#[rpc]
impl Purse {
    pub async fn rpc_put(&mut self, coins: u64) -> u64 {
        self.coins += coins;
        self.coins
    }
}

/// With `parent = Player` its methods use the player, mutably, by `cx.parent()`.
#[module(parent = Player)]
#[derive(Default)]
pub struct Bag {
    items: BTreeMap<u32, u32>,
}

#[rpc]
impl Bag {
    #[on(start)]
    async fn open(&mut self, cx: &mut Cx<'_, Self>) {
        println!("a bag is opened");
        // A timer made at run time: it comes through the player's mailbox, and ends with this bag.
        cx.every(Duration::from_millis(20), |_bag, cx| cx.parent().gold += 1);
    }

    #[on(stop)]
    async fn close(&mut self, cx: &mut Cx<'_, Self>) {
        cx.parent().gold += u64::from(self.count());
        println!("a bag is closed: its {} items are sold", self.count());
    }

    pub async fn rpc_add(&mut self, item: u32, count: u32) -> u32 {
        *self.items.entry(item).or_default() += count;
        self.count()
    }

    fn count(&self) -> u32 {
        self.items.values().sum()
    }
}

#[tokio::main]
async fn main() -> ember::Result<()> {
    let node = Node::builder().service(Player::default()).start().await?;
    let player = node.client::<PlayerClient>();

    println!("the purse holds {}", player.purse().rpc_put(5).await?);

    player.rpc_open_bag(1).await?;
    println!("the bag 1 holds {}", player.bags().key(1).rpc_add(7, 3).await?);

    // A key under which nothing stands is a refusal: the call certainly did nothing.
    match player.bags().key(2).rpc_add(7, 3).await {
        Err(CallError::NotExecuted(refused)) if matches!(refused.reason(), RefusedReason::NoModule { .. }) => {
            println!("{refused}");
        }
        other => println!("unexpected: {other:?}"),
    }

    while player.rpc_worth().await? < 10 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    println!("the timer of the bag has brought the player to a worth of 10");

    player.rpc_close_bag(1).await?;
    node.shutdown().await
}
