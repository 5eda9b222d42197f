use ember::prelude::*;

#[rpc]
trait Shop {
    async fn rpc_buy(&self, item: u32) -> u64;
}

#[service(implements(Shop))]
#[derive(Default)]
struct Shop;

#[rpc]
impl Shop for Shop {
    async fn rpc_buy(&mut self, item: u32) -> u64 {
        u64::from(item)
    }
}

fn main() {}
