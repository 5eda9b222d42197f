use ember::prelude::*;

#[rpc]
pub trait Buys {
    #[on(start)]
    async fn load(&self);
}

fn main() {}
