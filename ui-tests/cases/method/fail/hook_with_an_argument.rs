use ember::prelude::*;

#[service]
pub struct Player {
    gold: u64,
}

#[rpc]
impl Player {
    #[on(start)]
    async fn load(&mut self, path: String) {
        drop(path);
    }
}

fn main() {}
