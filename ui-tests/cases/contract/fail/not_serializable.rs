use ember::prelude::*;

pub struct Item;

#[rpc]
pub trait Buys {
    async fn rpc_buy(&self, item: Item) -> u64;
}

fn main() {}
