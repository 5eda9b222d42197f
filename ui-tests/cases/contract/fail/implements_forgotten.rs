use ember::prelude::*;

#[rpc]
pub trait Buys {
    async fn rpc_buy(&self, item: u32) -> u64;
}

pub mod other {
    use ember::prelude::*;

    #[rpc]
    pub trait Sells {
        async fn rpc_sell(&self, item: u32) -> u64;
    }
}

#[service]
pub struct Player;

#[rpc]
impl Buys for Player {
    async fn rpc_buy(&mut self, item: u32) -> u64 {
        item.into()
    }
}

#[service(implements(Buys))]
pub struct Bank;

#[rpc]
impl Buys for Bank {
    async fn rpc_buy(&mut self, item: u32) -> u64 {
        item.into()
    }
}

#[rpc]
impl other::Sells for Bank {
    async fn rpc_sell(&mut self, item: u32) -> u64 {
        item.into()
    }
}

fn main() {}
