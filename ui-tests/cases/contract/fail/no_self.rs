use ember::prelude::*;

#[rpc]
pub trait Buys {
    async fn rpc_buy(item: u32) -> u64;
}

fn main() {}
