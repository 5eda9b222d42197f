//! A parent is a service or a module.

use ember::prelude::*;

#[module(parent = u32)]
#[derive(Default)]
pub struct Bag;

#[rpc]
impl Bag {
    pub async fn rpc_put(&mut self) {}
}

fn main() {}
