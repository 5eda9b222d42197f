#![deny(unused_must_use)]

use ember::prelude::*;

#[service]
#[derive(Default)]
pub struct Clerk;

#[rpc]
impl Clerk {
    pub fn rpc_count(&mut self, cx: &mut Cx<'_, Self>) {
        cx.offload(1, || 7);
    }
}

fn main() {}
