use ember::prelude::*;

#[rpc]
pub trait Buys {
    async fn rpc_buy(&self, item: u32) -> u64 {
        u64::from(item)
    }
}

fn main() {}
