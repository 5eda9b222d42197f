//! The elected service: the master keeps the balance in memory, and writes each payment to the database under its fence.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use ember::prelude::*;
use tokio::sync::Notify;

use crate::database::Database;

#[service(elected)]
pub(crate) struct Ledger {
    pub(crate) node: String,
    pub(crate) database: Database,
    pub(crate) pause: Arc<Pause>,
    /// What the database had when this instance became the master, and what it has written since.
    pub(crate) balance: i64,
}

/// For the story only: the next payment waits where a process can be stopped at the worst moment.
#[derive(Default)]
pub(crate) struct Pause {
    pub(crate) next: AtomicBool,
    pub(crate) over: Notify,
}

/// Who took a payment.
#[message]
#[derive(Debug, Clone)]
pub(crate) struct Receipt {
    pub(crate) by: String,
    pub(crate) epoch: u64,
    pub(crate) balance: i64,
}

/// Why a payment was not written.
#[message]
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum Refused {
    #[error("refused: fenced at epoch {epoch}")]
    Fenced { epoch: i64 },
    #[error("refused: there is no such account")]
    NoAccount,
    #[error("the database: {0}")]
    Database(String),
    #[error("{0}")]
    NotMaster(String),
}

#[rpc]
impl Ledger {
    /// This instance is the master from now on. If it fails here, another one is elected.
    #[on(master)]
    async fn lead(&mut self, cx: &mut Cx<'_, Self>, epoch: Epoch) -> ember::Result<()> {
        let fence = cx.fence()?;
        self.balance = self.database.load(&fence).map_err(ember::Error::other)?;
        println!("master in epoch {epoch}, with a balance of {}", self.balance);
        Ok(())
    }

    #[on(slave)]
    async fn follow(&mut self, epoch: Epoch) {
        println!("slave; the epoch is {epoch}");
    }

    /// Takes a payment. The same one again changes nothing: `id` tells.
    pub(crate) async fn rpc_pay(&mut self, cx: &mut Cx<'_, Self>, id: i64, amount: i64) -> Result<Receipt, Refused> {
        let fence = cx.fence().map_err(|error| Refused::NotMaster(error.to_string()))?;
        if self.pause.next.swap(false, Ordering::AcqRel) {
            println!("holds payment {id}, between its fence and its write");
            self.pause.over.notified().await;
            println!("goes on with payment {id}, and writes");
        }
        match self.database.pay(&fence, id, amount, self.balance + amount) {
            Ok(true) => self.balance += amount,
            Ok(false) => {}
            Err(refused) => {
                println!("payment {id}: {refused}");
                return Err(refused);
            }
        }
        Ok(Receipt { by: self.node.clone(), epoch: fence.epoch().number(), balance: self.balance })
    }
}
