#![deny(warnings)]

use ember::prelude::{Cx, Node, message, module, rpc, service};

// Types and functions that are called like what generated code uses.
#[message]
#[derive(Debug)]
pub struct K;
#[message]
pub struct S;
#[message]
pub struct L;
#[message]
pub struct T;
#[message]
pub struct Option;
#[message]
pub struct Handle;
pub trait Send {}
#[allow(non_snake_case)]
pub fn Ok() {}
#[allow(non_snake_case)]
pub fn Some() {}
pub type Result<T> = std::result::Result<T, u64>;

#[service(implements(Buys))]
pub struct Player {
    #[module]
    unit: ember::Module<P>,
}

#[module]
pub struct P;

#[rpc]
impl P {
    pub async fn rpc_k(&mut self, k: K) -> K {
        k
    }
}

#[rpc]
impl Player {
    pub async fn rpc_all(&mut self, unit: K, this: S, table: L, args: T, out: Option, bytes: Handle, cx: u32) -> Result<K> {
        drop((this, table, args, out, bytes, cx));
        std::result::Result::Ok(unit)
    }

    pub fn rpc_shared(&self, event: u32, handle: u32, arg0: u32, marker: u32, k: u32) -> Result<u32> {
        std::result::Result::Ok(event + handle + arg0 + marker + k)
    }

    pub async fn api_all(&mut self, cx: &mut Cx<'_, Self>, unit: K, this: S) -> Option {
        drop((unit, this, cx.pid()));
        Option
    }
}

#[rpc]
pub trait Buys {
    async fn rpc_buy(&self, this: K, cx: u32, unit: S, table: T) -> Result<L>;
    fn rpc_sync(&self, this: u32) -> K;
}

#[rpc]
impl Buys for Player {
    async fn rpc_buy(&mut self, this: K, cx: u32, unit: S, table: T) -> Result<L> {
        drop((this, cx, unit, table));
        std::result::Result::Ok(L)
    }

    fn rpc_sync(&mut self, this: u32) -> K {
        let _ = this;
        K
    }
}

pub async fn call(node: Node) {
    let _ = node.client::<PlayerClient>().unit().rpc_k(K).await;
}

fn main() {}
