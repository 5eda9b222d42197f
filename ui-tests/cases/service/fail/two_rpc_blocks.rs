use ember::prelude::*;

#[service]
pub struct Player;

#[rpc]
impl Player {
    pub async fn rpc_a(&mut self) {}
}

#[rpc]
impl Player {
    pub async fn rpc_b(&mut self) {}
}

fn main() {}
