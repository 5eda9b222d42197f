mod flame {
    pub use ember::*;
    pub use ember::__private;
}

use flame::prelude::*;

#[message(crate = flame)]
pub struct Item(u32);

#[rpc(crate = flame)]
pub trait Buys {
    async fn rpc_buy(&self, item: Item) -> u32;
}

#[service(crate = flame, implements(Buys))]
pub struct Player {
    #[module]
    bag: Module<Bag>,
}

#[module(crate = crate::flame)]
pub struct Bag;

#[rpc(crate = flame)]
impl Buys for Player {
    async fn rpc_buy(&mut self, item: Item) -> u32 {
        item.0
    }
}

#[rpc(crate = crate::flame)]
impl Bag {
    pub async fn rpc_drop(&mut self, item: Item) -> u32 {
        item.0
    }
}

fn main() {}
