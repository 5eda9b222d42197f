use ember::prelude::*;

pub struct Player<T>(T);

#[rpc]
impl<T> Player<T> {
    pub async fn rpc_a(&mut self) {}
}

fn main() {}
