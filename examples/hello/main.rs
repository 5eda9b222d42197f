//! The smallest program: one service, one call, one process.

use ember::prelude::*;

#[service]
#[derive(Default)]
pub struct Service2 {
    calls: u64,
}

#[message]
#[derive(Debug, Clone)]
pub struct SumReq {
    pub a: i64,
    pub b: i64,
}

#[rpc]
impl Service2 {
    /// Adds two numbers.
    pub async fn rpc_sum(&mut self, req: SumReq) -> i64 {
        self.calls += 1;
        req.a + req.b
    }
}

#[tokio::main]
async fn main() -> ember::Result<()> {
    let node = Node::builder().service(Service2::default()).start().await?; // no registry named: one process
    let svc2 = node.client::<Service2Client>();
    let sum = svc2.rpc_sum(SumReq { a: 1, b: 2 }).await?;
    println!("1 + 2 = {sum}");
    node.shutdown().await
}
