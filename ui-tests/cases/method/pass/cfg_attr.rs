//! What stands within `cfg_attr` on a method is said of the client's method too.

#![deny(deprecated)]

use ember::prelude::*;

#[service]
#[derive(Default)]
pub struct Counter {
    count: u64,
}

#[rpc]
impl Counter {
    /// Is there.
    pub async fn rpc_count(&mut self) -> u64 {
        self.count
    }

    /// Is not there, nor its type.
    #[cfg_attr(all(), cfg(any()))]
    pub async fn rpc_absent(&mut self) -> Absent {
        Absent
    }

    /// Is not to be used.
    #[cfg_attr(all(), deprecated(note = "count yourself"))]
    pub async fn rpc_old(&mut self) -> u64 {
        self.count
    }
}

#[expect(deprecated, reason = "its client says so too")]
pub async fn uses(counter: CounterClient) {
    let _ = counter.rpc_old().await;
}

fn main() {}
