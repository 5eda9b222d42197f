use ember::prelude::*;

pub struct Player;

#[rpc]
impl Player {
    #[on(start)]
    async fn load(&mut self) {}

    pub async fn rpc_a(&mut self) {}

    pub async fn rpc_b(&mut self) {}
}

fn main() {}
