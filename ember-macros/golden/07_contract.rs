//! A contract, and a service that fulfils it.

#[rpc]
pub trait Buys {
    /// Buys one.
    #[rpc(key = "item", timeout = "1s")]
    async fn rpc_buy(&self, item: u32) -> Result<u64, Refusal>;
}

#[service(implements(Buys))]
pub struct Stall;

#[rpc]
impl Buys for Stall {
    async fn rpc_buy(&mut self, item: u32) -> Result<u64, Refusal> {
        Err(Refusal)
    }
}
