//! A stream is what a method returns.

use ember::prelude::*;

#[service]
pub struct Chat;

#[rpc]
impl Chat {
    pub async fn rpc_take(&mut self, lines: Streaming<String>) {
        drop(lines);
    }

    pub async fn rpc_some(&mut self) -> Option<Streaming<String>> {
        None
    }
}

fn main() {}
