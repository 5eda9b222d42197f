use ember::prelude::*;

#[service]
pub struct Player {
    gold: u64,
}

#[rpc]
impl Player {
    #[on(strat)]
    async fn load(&mut self) {}
}

fn main() {}
