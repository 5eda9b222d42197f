use ember::prelude::*;

#[service]
pub struct Player {
    gold: u64,
}

#[rpc]
impl Player {
    #[on(event)]
    async fn weather(&mut self, event: String) {
        drop(event);
    }

    #[on(event)]
    async fn nothing(&mut self) {}
}

fn main() {}
