use ember::prelude::*;

#[service(elected)]
pub struct Player {
    gold: u64,
}

#[rpc]
impl Player {
    #[on(master)]
    async fn lead(&mut self, _epoch: &Epoch) {}

    #[on(slave)]
    async fn follow(&mut self, _epoch: Epoch, _old: Epoch) {}

    #[on(master)]
    #[on(slave)]
    async fn change(&mut self) {}

    #[on(master)]
    #[on(master)]
    async fn twice(&mut self) {}

    #[on(start)]
    #[on(start)]
    async fn start(&mut self) {}

    #[on(master)]
    async fn count(&mut self, _epoch: u64) {}
}

fn main() {}
