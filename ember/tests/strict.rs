//! Generated code stands up to the strictest lints, those of clippy included.
#![forbid(unsafe_code)]
#![deny(
    clippy::all,
    clippy::pedantic,
    missing_docs,
    warnings,
    missing_debug_implementations,
    unreachable_pub,
    unused_qualifications,
    rust_2018_idioms
)]
#![allow(
    clippy::drop_non_drop,
    clippy::needless_pass_by_ref_mut,
    clippy::unnecessary_wraps,
    clippy::unused_async,
    clippy::unused_self,
    reason = "the methods here do nothing much"
)]

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

#[tokio::test]
async fn deprecated_methods_are_callable_and_warn_callers_only() -> ember::Result<()> {
    let node = Node::builder().service(Player::default()).start().await?;
    let bought = node.client::<BuysClient>().rpc_buy(Item { id: 1 }).await;
    assert_eq!(bought.expect("the player buys"), 0);
    #[expect(deprecated, reason = "that is what is tested")]
    let old = node.client::<BuysClient>().rpc_old();
    old.await.expect("an old method is a method");
    node.client::<PlayerClient>().bag().rpc_drop(Item { id: 1 }).await.expect("the bag drops");
    node.shutdown().await
}
