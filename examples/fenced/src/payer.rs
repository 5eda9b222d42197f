//! Who pays all the time, and what it makes of each outcome.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::Duration,
};

use ember::{CallError, Error, Node, Result};
use tokio::{sync::watch, task::JoinSet, time::sleep};

use crate::{
    database::Database,
    ledger::{LedgerClient, Receipt, Refused},
};

/// Payments under way at a time.
const LANES: i64 = 4;

/// What the payer counts.
#[derive(Default)]
pub(crate) struct Books {
    /// Payments that are certain, and their sum.
    pub(crate) payments: AtomicI64,
    pub(crate) paid: AtomicI64,
    /// Calls that may have run: of these some were in the database.
    pub(crate) unclear: AtomicI64,
    pub(crate) found: AtomicI64,
    /// Calls that certainly have not run.
    pub(crate) refused: AtomicI64,
    closing: AtomicBool,
    /// The last receipt.
    last: watch::Sender<Option<Receipt>>,
}

pub(crate) struct Payer {
    pub(crate) books: Arc<Books>,
    pub(crate) receipts: watch::Receiver<Option<Receipt>>,
    lanes: JoinSet<Result<()>>,
}

impl Payer {
    pub(crate) fn start(node: &Node, database: &Path) -> Result<Self> {
        let books = Arc::new(Books::default());
        let mut lanes = JoinSet::new();
        for lane in 0..LANES {
            let mut database = Database::open(database).map_err(Error::other)?;
            let (client, books) = (node.client::<LedgerClient>(), Arc::clone(&books));
            lanes.spawn(async move {
                let mut id = lane;
                while !books.closing.load(Ordering::Relaxed) {
                    let amount = 1 + id % 9;
                    books.pay(&client, &mut database, id, amount).await?;
                    books.payments.fetch_add(1, Ordering::Relaxed);
                    books.paid.fetch_add(amount, Ordering::Relaxed);
                    id += LANES;
                    sleep(Duration::from_millis(2)).await;
                }
                Ok(())
            });
        }
        Ok(Self { receipts: books.last.subscribe(), books, lanes })
    }

    /// Ends when the payments under way are certain.
    pub(crate) async fn stop(mut self) -> Result<Arc<Books>> {
        self.books.closing.store(true, Ordering::Relaxed);
        while let Some(lane) = self.lanes.join_next().await {
            lane.map_err(Error::other)??;
        }
        Ok(self.books)
    }
}

impl Books {
    /// Until it is certain that it has been paid.
    async fn pay(&self, client: &LedgerClient, database: &mut Database, id: i64, amount: i64) -> Result<()> {
        loop {
            match client.rpc_pay(id, amount).timeout(Duration::from_secs(20)).await {
                Ok(receipt) => {
                    self.last.send_replace(Some(receipt));
                    return Ok(());
                }
                // It has not run, or has changed nothing: again.
                Err(CallError::NotExecuted(_) | CallError::App(Refused::Fenced { .. } | Refused::NotMaster(_))) => {
                    self.refused.fetch_add(1, Ordering::Relaxed);
                }
                // It may have run: the database knows. If it has not, or not yet: again, under the same id, which is written once.
                Err(CallError::MaybeExecuted(_)) => {
                    self.unclear.fetch_add(1, Ordering::Relaxed);
                    if database.knows(id).map_err(Error::other)? {
                        self.found.fetch_add(1, Ordering::Relaxed);
                        return Ok(());
                    }
                }
                Err(CallError::App(broken)) => return Err(Error::other(broken)),
            }
        }
    }

    pub(crate) fn failed(&self) -> i64 {
        self.unclear.load(Ordering::Relaxed) + self.refused.load(Ordering::Relaxed)
    }
}
