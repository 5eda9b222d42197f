use ember::prelude::*;

#[rpc]
pub trait Buys {
    async fn buy(&self) -> u64;
}

fn main() {}
