use ember::prelude::*;

#[service]
pub struct Player {
    gold: u64,
}

#[rpc]
impl Player {
    #[cron("*/5 * * * *")]
    async fn a(&mut self) {}
    #[cron("0 61 * * * *")]
    async fn b(&mut self) {}
    #[cron("0 0 0 31 2 *")]
    async fn c(&mut self) {}
    #[cron("0 0 0 * * *", zone = "Europe/Berlin")]
    async fn d(&mut self) {}
    #[cron]
    async fn e(&mut self) {}
}

fn main() {}
