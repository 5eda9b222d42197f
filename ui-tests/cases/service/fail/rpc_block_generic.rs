use ember::prelude::*;

#[rpc]
pub trait Buys {
    async fn rpc_buy(&self);
}

pub struct Player<T>(T);

#[rpc]
impl<T> Buys for Player<T> {
    async fn rpc_buy(&mut self) {}
}

fn main() {}
