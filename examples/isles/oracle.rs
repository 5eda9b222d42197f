//! The oracle: a concurrent service, whose handlers share what it knows.

use std::sync::atomic::{AtomicU64, Ordering};

use ember::prelude::*;

#[service(concurrent, workers = 4)]
#[derive(Default)]
pub struct Oracle {
    asked: AtomicU64,
}

#[rpc]
impl Oracle {
    /// The weather of a day, and how often it was asked. It takes a while, in which others ask too.
    #[rpc(timeout = "20s")]
    pub async fn rpc_forecast(&self, day: u64) -> (u64, u64) {
        // tidy: sleep: an answer from elsewhere
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        (day.wrapping_mul(0x9e37_79b9_7f4a_7c15) % 30, self.asked.fetch_add(1, Ordering::Relaxed) + 1)
    }
}
