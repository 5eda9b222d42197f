use ember::prelude::*;

#[service]
pub struct Player {
    gold: u64,
}

#[rpc]
impl Player {
    #[on(master)]
    async fn lead(&mut self) {}

    #[cron("0 */5 * * * *")]
    async fn tidy(&mut self) {}
}

fn main() {}
