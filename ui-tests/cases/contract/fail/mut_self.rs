use ember::prelude::*;

#[rpc]
pub trait Buys {
    async fn rpc_buy(&mut self, item: u32) -> u64;
}

fn main() {}
