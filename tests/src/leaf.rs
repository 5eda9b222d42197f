//! The smallest service that is registered.

#![allow(missing_docs, missing_debug_implementations, reason = "the names of test services say it all")]

use ember::prelude::*;

#[service(name = "leaf")]
#[derive(Default)]
pub struct Leaf;

#[rpc]
impl Leaf {
    /// Answers.
    pub async fn rpc_ping(&mut self) -> u32 {
        7
    }
}
