use ember::{Streaming, prelude::*};

#[service]
pub struct Bank;

#[rpc]
impl Bank {
    #[rpc(dedupe = "60s")]
    pub async fn api_pay(&mut self) {}

    #[rpc(dedupe = "60s")]
    pub async fn rpc_payments(&mut self) -> Streaming<u64> {
        // It would be one.
        unimplemented!()
    }

    #[rpc(dedupe = "60s", cancel)]
    pub async fn rpc_pay(&mut self) {}

    #[rpc(read, dedupe = "60s")]
    pub async fn rpc_gold(&self) -> u64 {
        7
    }

    #[rpc(dedupe)]
    pub async fn rpc_rob(&mut self) {}

    #[rpc(dedupe = "100000d")]
    pub async fn rpc_keep(&mut self) {}
}

#[rpc]
pub trait Pays {
    #[rpc(dedupe = "60s")]
    async fn rpc_payments(&self) -> Result<Streaming<u64>, String>;
}

fn main() {}
