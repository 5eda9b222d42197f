use ember::prelude::*;

#[service]
pub struct Player {
    gold: u64,
}

#[rpc]
impl Player {
    pub async fn rpc_set_team_596(&mut self) {}

    pub async fn rpc_sell_quest_238(&mut self) {}
}

fn main() {}
