use ember::prelude::*;

#[rpc]
trait Buys {
    async fn rpc_buy(&self, item: u32) -> u64;
    async fn rpc_sell(&self, item: u32) -> u64;
}

#[service(implements(Buys))]
#[derive(Default)]
struct Shop;

impl Buys for Shop {
    async fn rpc_buy(&mut self, item: u32) -> u64 {
        u64::from(item)
    }
    async fn rpc_sell(&mut self, item: u32) -> u64 {
        u64::from(item)
    }
}

fn main() {}
