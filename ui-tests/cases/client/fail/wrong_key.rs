use ember::prelude::*;

#[module]
pub struct Bag;

#[rpc]
impl Bag {
    pub async fn rpc_drop(&mut self) {}
}

#[service]
pub struct Player {
    #[module]
    bags: Modules<u32, Bag>,
}

async fn wrong(player: PlayerClient) {
    let _ = player.bags().key("left").rpc_drop().await;
}

async fn no_key(player: PlayerClient) {
    let _ = player.bags().rpc_drop().await;
}

fn main() {}
