use ember::prelude::*;

#[rpc]
pub trait Buys {
    async fn api_gold(&self) -> u64;
}

fn main() {}
