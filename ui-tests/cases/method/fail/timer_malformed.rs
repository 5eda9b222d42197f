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

    #[every("1s", missed = "catch_up")]
    async fn tidy(&mut self) {}

    #[every("1s", missed = "catch_up(0)")]
    async fn sweep(&mut self) {}

    #[tick("50ms", missed = "skip")]
    async fn step(&mut self) {}

    #[tick("50ms")]
    async fn walk(&mut self, _tick: &u64) {}

    #[tick("50ms")]
    #[every("1s")]
    async fn run(&mut self) {}
}

fn main() {}
