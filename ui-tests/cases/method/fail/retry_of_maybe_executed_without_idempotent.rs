use ember::{prelude::*, Retry};

#[service]
pub struct Player {
    gold: u64,
}

#[rpc]
impl Player {
    pub async fn rpc_buy(&mut self, item: u32) -> u64 {
        u64::from(item)
    }
}

async fn buy(player: PlayerClient) {
    let _ = player.rpc_buy(7).retry(Retry::new(3)).await;
    let _ = player.rpc_buy(7).retry(Retry::new(3).maybe_executed()).await;
}

fn main() {}
