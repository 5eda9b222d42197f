use ember::prelude::*;

#[service]
pub struct Player {
    gold: u64,
}

#[rpc]
impl Player {
    #[on(master)]
    async fn lead(&mut self) {}
}

fn main() {}
