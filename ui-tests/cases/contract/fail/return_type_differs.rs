use ember::prelude::*;

#[service(implements(Buys))]
pub struct Player {
    gold: u64,
}

#[rpc]
pub trait Buys {
    async fn rpc_buy(&self, item: u32) -> u64;
    async fn rpc_sell(&self, item: u32) -> u64;
}

#[rpc]
impl Buys for Player {
    async fn rpc_buy(&mut self, item: u32) -> u32 {
        item
    }
    async fn rpc_sell(&mut self, item: u32) -> u64 {
        u64::from(item)
    }
}

fn main() {}
