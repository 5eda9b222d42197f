use ember::prelude::*;

#[rpc]
pub trait Buys {
    const LIMIT: u32;
    async fn rpc_buy(&self) -> u64;
}

fn main() {}
