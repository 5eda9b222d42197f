use ember::prelude::*;

pub struct Player;

#[rpc]
impl Player {
    pub async fn rpc_a(&mut self) {}
}

fn main() {}
