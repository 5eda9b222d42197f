use ember::prelude::*;

#[rpc]
pub trait Buys {
    async fn rpc_buy(&self, item: u32) -> u64;
}

pub struct Player;

#[rpc]
impl Buys for Player {
    async fn rpc_buy(&mut self, item: u32) -> u64 {
        item.into()
    }
}

fn main() {}
