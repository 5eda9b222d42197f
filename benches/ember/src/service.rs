//! The measured service.

use bytes::Bytes;
use ember::prelude::*;

/// Its state is eight bytes.
#[service]
#[derive(Debug, Default)]
pub(crate) struct Counter {
    total: u64,
}

#[rpc]
impl Counter {
    /// Answers at once.
    pub(crate) async fn rpc_sum(&mut self, a: i64, b: i64) -> i64 {
        a + b
    }

    /// Awaits before it answers.
    pub(crate) async fn rpc_sum_later(&mut self, a: i64, b: i64) -> i64 {
        tokio::task::yield_now().await;
        a + b
    }

    /// Gives the payload back.
    pub(crate) async fn rpc_echo(&mut self, body: Bytes) -> Bytes {
        body
    }

    /// The same with the type that comes to mind first, which serde writes byte by byte.
    pub(crate) async fn rpc_echo_vec(&mut self, body: Vec<u8>) -> Vec<u8> {
        body
    }

    /// Counts.
    pub(crate) async fn rpc_add(&mut self, value: u64) {
        self.total += value;
    }

    /// What was counted since the last time.
    pub(crate) async fn rpc_take(&mut self) -> u64 {
        std::mem::take(&mut self.total)
    }
}
