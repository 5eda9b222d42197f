use ember::prelude::*;

#[service(elected)]
pub struct Ledger;

#[rpc]
impl Ledger {
    #[rpc(read = true, priority = system)]
    pub async fn rpc_get(&mut self) {}

    #[rpc(codec = json, dedupe = 60)]
    pub async fn rpc_put(&mut self) {}

    #[rpc(acks = "leader", timeout("2s"))]
    pub async fn rpc_set(&mut self) {}

    #[rpc(write)]
    pub async fn rpc_add(&mut self) {}
}

fn main() {}
