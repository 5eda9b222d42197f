use ember::prelude::*;

#[service]
pub struct Player {
    gold: u64,
}

#[rpc]
impl Player {
    #[every("5 parsecs")]
    async fn save(&mut self) {}

    #[after(5)]
    async fn load(&mut self) {}

    #[after("0s")]
    async fn now(&mut self) {}
}

fn main() {}
