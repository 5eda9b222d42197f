//! The fuller program of the design: a contract, a service with hooks, timers, events and a module, and a bank that is
//! charged in passing. The two inner modules stand for two crates.

#![allow(missing_docs, missing_debug_implementations, unreachable_pub, reason = "as the design writes it")]

mod shop_api {
    use ember::prelude::*;

    #[message]
    #[derive(Debug, thiserror::Error)]
    pub enum ShopError {
        #[error("needs {0} gold")]
        NotEnoughGold(u64),
    }

    /// What any node may ask of a player.
    #[rpc]
    pub trait Player {
        /// Buys `count` of `item`; returns the gold left.
        async fn rpc_buy(&self, item: u32, count: u32) -> Result<u64, ShopError>;
    }
}

mod shop {
    use std::collections::HashMap;

    use ember::{CallError, prelude::*};

    use super::shop_api::{Player, ShopError};

    #[derive(Debug)]
    pub struct WeatherChanged {
        pub rain: bool,
    }

    #[service(name = "bank")]
    #[derive(Default)]
    pub struct Bank {
        pub charged: u64,
        pub broke: bool,
    }

    #[rpc]
    impl Bank {
        /// Takes the money for something sold.
        pub async fn rpc_charge(&mut self, amount: u64) -> Result<u64, ShopError> {
            if self.broke {
                return Err(ShopError::NotEnoughGold(amount));
            }
            self.charged += amount;
            Ok(self.charged)
        }
    }

    #[service(name = "player", implements(Player))]
    #[derive(Default)]
    pub struct PlayerService {
        pub gold: u64,
        disputed: u64,
        rainy: bool,
        #[module]
        bag: Module<Bag>,
    }

    #[rpc]
    impl Player for PlayerService {
        async fn rpc_buy(&mut self, cx: &mut Cx<'_, Self>, item: u32, count: u32) -> Result<u64, ShopError> {
            let cost = u64::from(count) * 10;
            self.gold = self.gold.checked_sub(cost).ok_or(ShopError::NotEnoughGold(cost))?;
            self.bag.add(item, count);
            cx.client::<BankClient>().rpc_charge(cost).then(cx, move |me, _cx, reply| match reply {
                Ok(_) => {}
                Err(CallError::App(_) | CallError::NotExecuted(_)) => me.gold += cost,
                Err(CallError::MaybeExecuted(_)) => me.disputed += cost,
            });
            Ok(self.gold)
        }
    }

    #[rpc]
    impl PlayerService {
        #[on(start)]
        async fn load(&mut self, cx: &mut Cx<'_, Self>) -> ember::Result<()> {
            let _ = cx.pid();
            self.gold += 100;
            Ok(())
        }

        #[every("10s")]
        async fn save(&mut self) {}

        #[on(event)]
        async fn weather(&mut self, event: &WeatherChanged) {
            self.rainy = event.rain;
        }

        pub async fn api_gold(&mut self) -> u64 {
            self.gold
        }
    }

    #[module(parent = PlayerService)]
    #[derive(Default)]
    pub struct Bag {
        items: HashMap<u32, u32>,
    }

    #[rpc]
    impl Bag {
        pub fn add(&mut self, item: u32, count: u32) {
            *self.items.entry(item).or_default() += count;
        }

        pub async fn rpc_drop(&mut self, cx: &mut Cx<'_, Self>, item: u32) -> u32 {
            cx.parent().gold += 1;
            self.items.remove(&item).unwrap_or(0)
        }
    }

    /// Asks players on its own node.
    #[service]
    #[derive(Default)]
    pub struct Counter;

    #[rpc]
    impl Counter {
        /// The gold of this node's player.
        pub async fn rpc_gold(&mut self, cx: &mut Cx<'_, Self>) -> u64 {
            cx.local::<PlayerService>().api_gold().await.unwrap_or_default()
        }
    }
}

use ember::{CallError, prelude::*};
use shop::{Bank, Counter, CounterClient, PlayerService, PlayerServiceClient};
use shop_api::{PlayerClient, ShopError};

async fn start(bank: Bank) -> Node {
    let node = Node::builder().service(bank).service(PlayerService::default()).service(Counter).start().await;
    node.expect("the node starts")
}

#[tokio::test]
async fn contract_is_called_without_knowing_the_service() {
    let node = start(Bank::default()).await;
    let player = node.client::<PlayerClient>();
    assert_eq!(player.rpc_buy(7, 1).await.unwrap(), 90);
    let refused = player.rpc_buy(7, 100).await.unwrap_err();
    assert!(matches!(refused, CallError::App(ShopError::NotEnoughGold(1000))), "{refused}");
    node.shutdown().await.unwrap();
}

#[tokio::test]
async fn module_uses_its_parent_and_is_reached_through_the_services_client() {
    let node = start(Bank::default()).await;
    node.client::<PlayerClient>().rpc_buy(7, 2).await.unwrap();
    let bag = node.client::<PlayerServiceClient>().bag();
    assert_eq!(bag.rpc_drop(7).await.unwrap(), 2);
    assert_eq!(node.client::<CounterClient>().rpc_gold().await.unwrap(), 81);
    node.shutdown().await.unwrap();
}

#[tokio::test]
async fn refused_charge_is_given_back() {
    let node = start(Bank { broke: true, ..Bank::default() }).await;
    node.client::<PlayerClient>().rpc_buy(7, 3).await.unwrap();
    let gold_is_back = async {
        while node.client::<CounterClient>().rpc_gold().await.unwrap() != 100 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), gold_is_back)
        .await
        .expect("the bank's refusal gives the gold back");
    node.shutdown().await.unwrap();
}
