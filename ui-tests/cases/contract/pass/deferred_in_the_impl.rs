//! A contract says what callers get; whether they get it now or later, the `impl` decides.

#![deny(warnings)]

use ember::prelude::*;

#[rpc]
pub trait Sells {
    async fn rpc_price(&self, item: u32) -> u64;
    async fn rpc_sell(&self, item: u32) -> Result<u64, String>;
    async fn rpc_close(&self);
    async fn rpc_stock(&self) -> Deferred<u64>;
}

#[service(implements(Sells))]
#[derive(Default)]
pub struct Shop;

#[rpc]
impl Sells for Shop {
    async fn rpc_price(&mut self, cx: &mut Cx<'_, Self>, item: u32) -> Deferred<u64> {
        let (deferred, replier) = cx.defer();
        replier.reply(u64::from(item));
        deferred
    }

    fn rpc_sell(&mut self, cx: &mut Cx<'_, Self>, item: u32) -> Deferred<Result<u64, String>> {
        let (deferred, replier) = cx.defer();
        replier.reply(Err(format!("{item} is sold out")));
        deferred
    }

    fn rpc_close(&mut self, cx: &mut Cx<'_, Self>) -> Deferred<()> {
        let (deferred, replier) = cx.defer();
        replier.reply(());
        deferred
    }

    async fn rpc_stock(&mut self) -> u64 {
        7
    }
}

#[tokio::main]
async fn main() -> ember::Result<()> {
    let node = Node::builder().service(Shop).start().await?;
    let shop = node.client::<SellsClient>();
    assert_eq!(shop.rpc_price(3).await?, 3);
    assert_eq!(shop.rpc_sell(3).await, Err(CallError::App("3 is sold out".to_string())));
    shop.rpc_close().await?;
    assert_eq!(shop.rpc_stock().await?, 7);
    node.shutdown().await
}
