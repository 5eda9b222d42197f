//! What a node shows of itself to those who run it: figures for Prometheus, and whether it is healthy.

#![allow(missing_docs, missing_debug_implementations, reason = "the names of test services say it all")]

mod figures;
mod files;
mod health;
mod http;
mod openmetrics;
mod server;
mod waiting;

use ember::prelude::*;

#[service(name = "bank")]
#[derive(Default)]
pub struct Bank;

#[rpc]
impl Bank {
    pub async fn rpc_pay(&mut self, sum: u64) -> Result<u64, String> {
        if sum == 0 { Err("nothing".into()) } else { Ok(sum) }
    }

    pub async fn rpc_panic(&mut self) {
        panic!("robbed");
    }

    /// Waits for ever, or until its caller has gone.
    #[rpc(cancel)]
    pub async fn rpc_wait(&mut self) {
        std::future::pending::<()>().await;
    }

    pub async fn rpc_later(&mut self, cx: &mut Cx<'_, Self>) -> Deferred<u8> {
        let (deferred, replier) = cx.defer();
        replier.reply(1);
        deferred
    }
}
