//! A package with strict lints.
#![forbid(unsafe_code)]
#![deny(missing_docs, warnings, missing_debug_implementations, unreachable_pub, unused_qualifications, rust_2018_idioms)]

use ember::prelude::*;

/// Something to buy.
#[message]
#[derive(Debug)]
pub struct Item {
    /// Its number.
    pub id: u32,
}

/// Buys.
#[rpc]
pub trait Buys {
    /// Buys an item.
    async fn rpc_buy(&self, item: Item) -> Result<u64, Item>;
    /// Old.
    #[deprecated]
    async fn rpc_old(&self);
}

/// A player.
#[service(implements(Buys))]
#[derive(Debug, Default)]
pub struct Player {
    gold: u64,
    #[module]
    bag: Module<Bag>,
}

/// A bag.
#[module(parent = Player)]
#[derive(Debug, Default)]
pub struct Bag;

#[rpc]
impl Buys for Player {
    async fn rpc_buy(&mut self, item: Item) -> Result<u64, Item> {
        drop(item);
        Ok(self.gold)
    }

    async fn rpc_old(&mut self) {}
}

#[rpc]
impl Player {
    #[on(start)]
    async fn load(&mut self, cx: &mut Cx<'_, Self>) -> ember::Result<()> {
        let _pid = cx.pid();
        Ok(())
    }

    #[every("10s")]
    fn save(&mut self) {}

    /// On this node.
    pub async fn api_gold(&mut self) -> u64 {
        self.bag.full();
        self.gold
    }
}

#[rpc]
impl Bag {
    fn full(&self) {}

    /// Drops an item.
    pub async fn rpc_drop(&mut self, cx: &mut Cx<'_, Self>, item: Item) {
        drop(item);
        cx.parent().gold += 1;
    }
}

fn main() {}
