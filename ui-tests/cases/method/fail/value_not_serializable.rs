use ember::prelude::*;

#[service]
pub struct Player {
    gold: u64,
}

pub struct Item;

#[rpc]
impl Player {
    pub async fn rpc_get(&mut self) -> Item {
        Item
    }
}

fn main() {}
