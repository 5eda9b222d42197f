use ember::prelude::*;

#[rpc]
pub trait Buys {
    async fn rpc_twin(&self) -> Self;
}

fn main() {}
