//! The first program of the design: it must compile and run as written.

#![allow(missing_docs, missing_debug_implementations, reason = "as the design writes it")]

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

#[tokio::test]
async fn hello_adds_two_numbers() -> ember::Result<()> {
    let node = Node::builder().service(Service2::default()).start().await?;
    let svc2 = node.client::<Service2Client>();
    let sum = svc2.rpc_sum(SumReq { a: 1, b: 2 }).await?;
    assert_eq!(sum, 3);
    node.shutdown().await
}
