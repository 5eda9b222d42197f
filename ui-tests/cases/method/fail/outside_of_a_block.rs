use ember::prelude::*;

#[service]
pub struct Player {
    gold: u64,
}

impl Player {
    #[rpc]
    pub async fn gold(&mut self) -> u64 {
        self.gold
    }
}

fn main() {}
