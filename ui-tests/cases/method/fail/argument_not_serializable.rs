use ember::prelude::*;

#[service]
pub struct Player {
    gold: u64,
}

pub struct Item;

#[rpc]
impl Player {
    pub async fn rpc_put(&mut self, item: Item) {
        drop(item);
    }
}

fn main() {}
