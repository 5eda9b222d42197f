use std::cell::Cell;

use ember::prelude::*;

#[service(concurrent, workers = 8)]
#[derive(Default)]
pub struct Counter {
    count: Cell<u64>,
    #[module]
    page: Module<Page>,
}

#[rpc]
impl Counter {
    pub async fn rpc_add(&self) -> u64 {
        self.count.replace(self.count.get() + 1)
    }

    #[on(start)]
    async fn begin(&mut self) {}
}

#[module(concurrent)]
#[derive(Default)]
pub struct Page {
    seen: Cell<u64>,
}

#[tokio::main]
async fn main() -> ember::Result<()> {
    Node::builder().service_with(Counter::default).start().await?;
    Ok(())
}
