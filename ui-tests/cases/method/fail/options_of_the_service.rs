use ember::prelude::*;

#[service]
pub struct Prices;

#[rpc]
impl Prices {
    #[rpc(concurrent)]
    pub async fn rpc_price(&mut self) {}

    #[rpc(workers = 8)]
    pub async fn rpc_prices(&mut self) {}
}

fn main() {}
