use ember::prelude::*;

#[service]
pub struct Player {
    gold: u64,
}

#[rpc]
impl Player {
    #[on(start)]
    async fn load(&mut self) -> u64 {
        self.gold
    }
}

fn main() {}
