use ember::prelude::*;

#[service]
pub struct Player {
    gold: u64,
}

#[rpc]
impl Player {
    #[cron("0 */90 * * * *")]
    async fn a(&mut self) {}
    #[cron("0 0 9-17/12 * * *")]
    async fn b(&mut self) {}
    #[cron("0 30 2 * * *", tz = "Europe/Berlin", gap = "before")]
    async fn c(&mut self) {}
    #[cron("0 30 2 * * *", tz = "Europe/Berlin", overlap = "last")]
    async fn d(&mut self) {}
    #[cron("0 30 2 * * *", gap = "after")]
    async fn e(&mut self) {}
    #[cron("0 30 2 * * *", tz = "Europe/Berlin", gaps = "after")]
    async fn f(&mut self) {}
    #[cron("0 30 2 * * *", tz = "Europe/Berlin", tz = "UTC")]
    async fn g(&mut self) {}
}

fn main() {}
