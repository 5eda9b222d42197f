use ember::prelude::*;

#[rpc]
pub trait Buys {
    async fn rpc_buy(&self, cx: &mut Cx<'_, Self>, item: u32) -> u64;
}

fn main() {}
