use std::cell::Cell;

use ember::prelude::*;

#[service(concurrent, workers = 8)]
#[derive(Default)]
pub struct Counter {
    count: Cell<u64>,
}

#[rpc]
impl Counter {
    pub async fn rpc_add(&self) -> u64 {
        self.count.replace(self.count.get() + 1)
    }
}

fn main() {}
