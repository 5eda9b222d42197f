use ember::prelude::*;

pub trait Buys {
    fn rpc_buy(&self, item: u32) -> u64;
}

#[service]
pub struct Player;

#[rpc]
impl Buys for Player {
    fn rpc_buy(&self, item: u32) -> u64 {
        item.into()
    }
}

fn main() {}
