use ember::prelude::*;

#[rpc]
pub trait Buys<T> {
    async fn rpc_buy(&self, item: u32) -> u64;
}

fn main() {}
