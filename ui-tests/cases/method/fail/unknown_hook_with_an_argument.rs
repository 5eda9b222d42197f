use ember::prelude::*;

#[service]
pub struct Player {
    gold: u64,
}

#[rpc]
impl Player {
    #[on(dwn)]
    async fn ended(&mut self, _down: &Down) {}
}

fn main() {}
